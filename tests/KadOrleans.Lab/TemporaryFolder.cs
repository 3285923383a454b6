namespace KadOrleans.Lab;

/// <summary>A folder that goes with the test.</summary>
public class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("kad-tests-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        GC.SuppressFinalize(this);
    }
}

/// <summary>A copy of a folder, to write into.</summary>
public sealed class CopiedFolder : TemporaryFolder
{
    public CopiedFolder(string source)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = this[System.IO.Path.GetRelativePath(source, file)];
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}

/// <summary>Tests that each have a folder, which goes with the test.</summary>
public abstract class FolderTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    protected string Folder => _temporary.Path;

    public void Dispose()
    {
        _temporary.Dispose();
        GC.SuppressFinalize(this);
    }
}
