namespace KadOrleans.Lab;

/// <summary>The clone that the tests were built in.</summary>
public static class Repository
{
    public static string Root { get; } = Above(AppContext.BaseDirectory)
        ?? throw new InvalidOperationException("KadOrleans.sln is in no folder above the tests.");

    /// <summary>As the tests were built: Release or Debug.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>The folder with what was built of a project, by the project's folder.</summary>
    public static string OutputOf(string project) => Path($"{project}/bin/{Configuration}/net10.0");

    public static string Read(string path) => File.ReadAllText(Path(path));

    public static string Path(string path) => System.IO.Path.GetFullPath(System.IO.Path.Combine(Root, path));

    /// <summary>The clone that a folder is in; null if it is in none.</summary>
    public static string? Above(string folder)
    {
        var above = new DirectoryInfo(folder);
        while (above is not null && !File.Exists(System.IO.Path.Combine(above.FullName, "KadOrleans.sln")))
        {
            above = above.Parent;
        }

        return above?.FullName;
    }
}
