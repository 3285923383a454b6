namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A build of silo and edge whose states have the next schema version, in a folder of its own.</summary>
internal sealed class NextBuild : IDisposable
{
    public const int Older = StateSchema.Newest;

    public const int Newer = Older + 1;

    private const string Changed = "next";

    public NextBuild()
    {
        Copy(AppContext.BaseDirectory, Folder);
        Copy(Path.Combine(AppContext.BaseDirectory, Changed), Folder);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("kad-next-").FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }

        foreach (var folder in Directory.EnumerateDirectories(from).Where(folder => Path.GetFileName(folder) != Changed))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }
}
