namespace KadOrleans.Lab;

/// <summary>A folder that goes with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("kad-tests-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
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
