using System.Security.Cryptography;
using KadOrleans.GrainStorage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A folder of its own for one test, removed at the end, and the storage in it.</summary>
internal sealed class SqliteFolder : IDisposable
{
    public const string FileName = "kad-grains.db";

    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    public string DatabasePath => _folder[FileName];

    public Serializer Serializer => _services.GetRequiredService<Serializer>();

    public SqliteGrainStorage Open(bool deleteStateOnClear = true, ILogger<SqliteGrainStorage>? logger = null) => new(
        new SqliteGrainStorageOptions
        {
            Folder = _folder.Path,
            FolderSetting = "Kad:Data",
            DeleteStateOnClear = deleteStateOnClear,
            GrainStorageSerializer = new PooledGrainStorageSerializer(Serializer),
        },
        _services.GetRequiredService<IActivatorProvider>(),
        logger ?? NullLogger<SqliteGrainStorage>.Instance);

    /// <summary>A connection beside the storage, which must be closed meanwhile.</summary>
    public void Alter(string sql)
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public IReadOnlyDictionary<string, string> Fingerprint() => Directory.EnumerateFiles(_folder.Path).ToDictionary(
        file => Path.GetFileName(file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));

    public void Dispose()
    {
        _services.Dispose();
        _folder.Dispose();
    }
}
