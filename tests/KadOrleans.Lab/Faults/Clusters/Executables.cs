namespace KadOrleans.Lab;

/// <summary>The assemblies of silo and edge, as paths without the extension.</summary>
public sealed record Executables(string Silo, string Edge)
{
    private const string Name = "kad-server";

    // In 0.1.0 each had an executable of its own.
    private const string OlderSilo = "KadOrleans.Silo";
    private const string OlderEdge = "KadOrleans.Edge";

    /// <summary>
    /// Finds both beside this program, or in the working tree that it or <paramref name="build"/> is in: the newer of Release and Debug.
    /// </summary>
    /// <param name="build">A working tree, or a folder with both assemblies; null for this program's own tree.</param>
    /// <exception cref="CommandException">One of them is not there.</exception>
    public static Executables Find(string? build)
    {
        var folder = Path.GetFullPath(build ?? AppContext.BaseDirectory);
        var (silo, edge) = (ServerExecutable.In(folder, OlderSilo), ServerExecutable.In(folder, OlderEdge));
        return File.Exists($"{silo}.dll") && File.Exists($"{edge}.dll")
            ? new Executables(silo, edge)
            : InTree(Repository.Above(folder)
                ?? throw CommandException.WrongUsage($"--build is '{folder}'; a folder of a clone, or one with {Name}.dll, is needed."));
    }

    private static Executables InTree(string tree) => File.Exists(Path.Combine(tree, "src", OlderSilo, $"{OlderSilo}.csproj"))
        ? new(Newest(tree, OlderSilo, OlderSilo), Newest(tree, OlderEdge, OlderEdge))
        : new(Newest(tree, "KadOrleans.Server", Name), Newest(tree, "KadOrleans.Server", Name));

    private static string Newest(string tree, string project, string name)
    {
        var bin = Path.Combine(tree, "src", project, "bin");
        var file = ((string[])["Release", "Debug"])
            .Select(configuration => new FileInfo(Path.Combine(bin, configuration, "net10.0", $"{name}.dll")))
            .Where(candidate => candidate.Exists)
            .MaxBy(candidate => candidate.LastWriteTimeUtc);
        return file is not null
            ? Path.ChangeExtension(file.FullName, null)
            : throw CommandException.WrongUsage($"--build is '{tree}'; {project} is not built there: dotnet build -c Release src/{project}");
    }
}
