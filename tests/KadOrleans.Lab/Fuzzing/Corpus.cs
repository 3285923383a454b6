namespace KadOrleans.Lab;

// The inputs that a target is known to tell apart, as files of tests/corpora: of each target the fewest that reach what is reached, and what
// once broke it. A file that ends in .hex is text in hexadecimal, which may have spaces and line breaks; others are the input itself.
internal static class Corpus
{
    private const string Folder = "tests/corpora";
    private const string Hexadecimal = ".hex";

    /// <summary>The files of a target, in the order of their names.</summary>
    public static IReadOnlyList<(string Name, byte[] Input)> Load(string target) =>
    [
        .. Directory.EnumerateFiles(Repository.Path($"{Folder}/{target}"))
            .Order(StringComparer.Ordinal)
            .Select(path => (Path.GetFileName(path), Read(path))),
    ];

    /// <summary>Reads an input as the corpora have it.</summary>
    public static byte[] Read(string path) => path.EndsWith(Hexadecimal, StringComparison.Ordinal)
        ? Convert.FromHexString(string.Concat(File.ReadAllText(path).Where(char.IsAsciiHexDigit)))
        : File.ReadAllBytes(path);
}
