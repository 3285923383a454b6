namespace KadOrleans.Lab;

/// <summary>Where the executable of silos and edges is, as a path without the extension.</summary>
public static class ServerExecutable
{
    public const string Name = "kad-server";
    private const string Project = "KadOrleans.Server";

    /// <summary>The executable of a build in a folder.</summary>
    public static string In(string folder) => Path.Combine(folder, Name);

    /// <summary>
    /// Finds it beside this program, or in the working tree that it or <paramref name="build"/> is in: the newer of Release and Debug.
    /// </summary>
    /// <param name="build">A working tree, or a folder with the assembly; null for this program's own tree.</param>
    /// <exception cref="CommandException">It is not there.</exception>
    public static string Find(string? build)
    {
        var folder = Path.GetFullPath(build ?? AppContext.BaseDirectory);
        var server = In(folder);
        return File.Exists($"{server}.dll")
            ? server
            : Newest(Repository.Above(folder)
                ?? throw CommandException.WrongUsage($"--build is '{folder}'; a folder of a clone, or one with {Name}.dll, is needed."));
    }

    private static string Newest(string tree)
    {
        var bin = Path.Combine(tree, "src", Project, "bin");
        var file = ((string[])["Release", "Debug"])
            .Select(configuration => new FileInfo(Path.Combine(bin, configuration, "net10.0", $"{Name}.dll")))
            .Where(candidate => candidate.Exists)
            .MaxBy(candidate => candidate.LastWriteTimeUtc);
        return file is not null
            ? Path.ChangeExtension(file.FullName, null)
            : throw CommandException.WrongUsage($"--build is '{tree}'; {Project} is not built there: dotnet build -c Release src/{Project}");
    }
}
