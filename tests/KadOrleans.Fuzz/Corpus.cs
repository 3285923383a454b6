using KadOrleans.Testing.Vectors;

namespace KadOrleans.Fuzz;

/// <summary>
/// The datagrams that mutation starts from: the recorded ones and those of the Corpus folder, one file each, in
/// hexadecimal. A datagram that once broke a decoder belongs into that folder.
/// </summary>
internal static class Corpus
{
    /// <summary>Loads all, in an order that does not depend on the file system.</summary>
    public static byte[][] Load() => [.. WireVectors.AllDatagrams, .. LoadFolder()];

    private static IEnumerable<byte[]> LoadFolder() =>
        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Corpus"), "*.hex")
            .Order(StringComparer.Ordinal)
            .Select(path => Convert.FromHexString(string.Concat(File.ReadAllText(path).Where(char.IsAsciiHexDigit))));
}
