using System.Security.Cryptography;

namespace KadOrleans.Storage.Sqlite.Tests;

/// <summary>A folder of its own for one test, removed at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("kad-sqlite-").FullName;

    public string DatabasePath => System.IO.Path.Combine(Path, SqliteDatabase.FileName);

    public string LogPath => DatabasePath + "-wal";

    /// <summary>Every file in the folder with the hash of its bytes.</summary>
    public IReadOnlyDictionary<string, string> Fingerprint() => Directory.EnumerateFiles(Path).ToDictionary(
        file => System.IO.Path.GetFileName(file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
