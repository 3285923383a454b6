using KadOrleans.Faults.Options;

namespace KadOrleans.Faults.Clusters;

/// <summary>The assemblies of silo and edge, as paths without the extension.</summary>
internal sealed record Executables(string Silo, string Edge)
{
    private const string SiloName = "KadOrleans.Silo";
    private const string EdgeName = "KadOrleans.Edge";

    /// <summary>
    /// Finds both beside this program, or in the working tree that it or <paramref name="build"/> is in: the newer of Release and Debug.
    /// </summary>
    /// <param name="build">A working tree, or a folder with both assemblies; null for this program's own tree.</param>
    /// <exception cref="OptionException">One of them is not there.</exception>
    public static Executables Find(string? build)
    {
        var folder = Path.GetFullPath(build ?? AppContext.BaseDirectory);
        return File.Exists(Path.Combine(folder, $"{SiloName}.dll")) && File.Exists(Path.Combine(folder, $"{EdgeName}.dll"))
            ? new Executables(Path.Combine(folder, SiloName), Path.Combine(folder, EdgeName))
            : InTree(TreeOf(folder));
    }

    private static Executables InTree(string tree) => new(Newest(tree, SiloName), Newest(tree, EdgeName));

    private static string TreeOf(string folder)
    {
        for (var above = new DirectoryInfo(folder); above is not null; above = above.Parent)
        {
            if (File.Exists(Path.Combine(above.FullName, "KadOrleans.sln")))
            {
                return above.FullName;
            }
        }

        throw new OptionException($"--build is '{folder}'; a folder of a clone, or one with {SiloName}.dll and {EdgeName}.dll, is needed.");
    }

    private static string Newest(string tree, string name)
    {
        var bin = Path.Combine(tree, "src", name, "bin");
        var file = ((string[])["Release", "Debug"])
            .Select(configuration => new FileInfo(Path.Combine(bin, configuration, "net10.0", $"{name}.dll")))
            .Where(candidate => candidate.Exists)
            .MaxBy(candidate => candidate.LastWriteTimeUtc);
        return file is not null
            ? Path.ChangeExtension(file.FullName, null)
            : throw new OptionException($"--build is '{tree}'; {name} is not built there: dotnet build -c Release src/{name}");
    }
}
