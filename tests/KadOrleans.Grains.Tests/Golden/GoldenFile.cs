namespace KadOrleans.Grains.Tests.Golden;

/// <summary>A file of this folder.</summary>
internal static class GoldenFile
{
    public static string[] Read(string name) => File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Golden", name));

    /// <summary>Fails if a file does not have these lines.</summary>
    /// <param name="name">The file, a line for each item.</param>
    /// <param name="lines">What the build has.</param>
    /// <param name="advice">What to do about a line that was changed or removed.</param>
    public static void Check(string name, IEnumerable<string> lines, string advice)
    {
        string[] actual = [.. lines.Order(StringComparer.Ordinal)];
        var golden = Read(name);
        var gone = golden.Except(actual).ToList();
        Assert.True(gone.Count == 0, $"{advice}\nNot in this build:\n{string.Join('\n', gone)}\nInstead, or new:\n{string.Join('\n', actual.Except(golden))}");
        var added = actual.Except(golden).ToList();
        Assert.True(added.Count == 0, $"New in this build; add it to Golden/{name}:\n{string.Join('\n', added)}");
    }
}
