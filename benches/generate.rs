//! Writes a generated vault: `cargo bench --bench generate -- FOLDER FILES [SEED]`.
#![expect(clippy::print_stderr, reason = "it is a command")]
#![expect(clippy::print_stdout, reason = "it is a command")]

#[expect(unreachable_pub, reason = "shared with tests that see it as a room")]
#[path = "../src/sim/generate.rs"]
mod generate;

fn main() {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let [folder, files, rest @ ..] = words.as_slice() else {
        // Cargo runs every bench without words of its own.
        eprintln!("generate: FOLDER FILES [SEED] are missing; nothing written");
        return;
    };
    let files = files.parse().expect("FILES is a number");
    let seed = rest.first().map_or(1, |seed| seed.parse().expect("SEED is a number"));
    let recipe = generate::Recipe::new(files, seed);
    let (count, bytes) =
        generate::write(std::path::Path::new(folder), recipe).expect("FOLDER can be written");
    println!("{count} files, {bytes} bytes");
}
