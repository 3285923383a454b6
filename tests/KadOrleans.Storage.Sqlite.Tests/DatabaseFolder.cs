using System.Security.Cryptography;
using KadOrleans.Testing;

namespace KadOrleans.Storage.Sqlite.Tests;

/// <summary>A folder with a database in it.</summary>
internal static class DatabaseFolder
{
    extension(TemporaryFolder folder)
    {
        public string DatabasePath => folder[SqliteDatabase.FileName];

        public string LogPath => folder.DatabasePath + "-wal";

        /// <summary>Every file in the folder with the hash of its bytes.</summary>
        public IReadOnlyDictionary<string, string> Fingerprint() => Directory.EnumerateFiles(folder.Path).ToDictionary(
            file => Path.GetFileName(file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));
    }
}
