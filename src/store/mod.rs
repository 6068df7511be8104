//! Our own data on disk: records, documents, texts, peers; grouped transactions.
