namespace KadOrleans.Testing.Deployment;

/// <summary>A copy of a folder, to write into; it is removed at the end.</summary>
public sealed class CopiedFolder : IDisposable
{
    public CopiedFolder(string source)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = System.IO.Path.Combine(Path, System.IO.Path.GetRelativePath(source, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("kad-infra-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
