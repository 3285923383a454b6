using System.Security.Cryptography;
using KadOrleans.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>Tests that have a data folder of their own.</summary>
public abstract class SqliteTests : IDisposable
{
    private protected TemporaryFolder Folder { get; } = new();

    public virtual void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected SqliteDatabase Open(StorageOptions? options = null) => SqliteDatabase.Open(Folder.Path, options ?? new(StoreQuota.Unlimited));

    /// <summary>Puts values of 64 bytes, up to 4,000 in one batch and so in one segment.</summary>
    private protected async Task StoreAsync(int first, int count, SourceNetwork source = default)
    {
        await using var database = Open();
        foreach (var some in Enumerable.Range(first, count).Chunk(4_000))
        {
            var results = await database.PutBatchAsync(some.Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(64, source))));
            Assert.All(results, result => Assert.Equal(StoreResult.Stored, result));
        }
    }

    private protected void Alter(string sql)
    {
        using var connection = Connect(Folder.DatabasePath);
        connection.Execute(sql);
    }

    private protected static SqliteConnection Connect(string path)
    {
        SQLitePCL.Batteries_V2.Init();
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }
}

internal static class TestDatabase
{
    extension(TemporaryFolder folder)
    {
        public string DatabasePath => folder[SqliteDatabase.FileName];

        public string LogPath => folder.DatabasePath + "-wal";

        /// <summary>Every file in the folder with the hash of its bytes.</summary>
        public IReadOnlyDictionary<string, string> Fingerprint() => Directory.EnumerateFiles(folder.Path).ToDictionary(
            file => Path.GetFileName(file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file))));
    }

    extension(SqliteDatabase database)
    {
        public SqliteKeyStore Store => new(database);

        public SqliteNodeStateStore States => new(database);

        public Task<Dictionary<NodeId, StoredValue>> ReadAllAsync() => database.Store.ReadAllAsync();

        public ValueTask<StoredValue?> GetAsync(NodeId key) => database.Store.GetAsync(key, StoredValues.Now);

        /// <summary>Executes a statement on the writer's connection, between two batches.</summary>
        public async Task ExecuteAsync(string statement)
        {
            using var gate = await WriterGate.CloseAsync(database);
            database.Connection.Execute(statement);
        }

        /// <summary>Puts values in one batch.</summary>
        public async Task<StoreResult[]> PutBatchAsync(IEnumerable<KeyValuePair<NodeId, StoredValue>> values)
        {
            var gate = await WriterGate.CloseAsync(database);
            var puts = database.Store.PutTogetherAsync(values);
            gate.Dispose();
            return await puts;
        }
    }
}

/// <summary>
/// Holds the writer between two batches, so that a test decides what the next one consists of, and lends it the connection meanwhile.
/// </summary>
internal sealed class WriterGate : DatabaseOperation<BatchWriter>, IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _open = new();

    private WriterGate()
    {
    }

    /// <summary>Stops the writer; disposal lets it go on.</summary>
    public static async Task<WriterGate> CloseAsync(SqliteDatabase database)
    {
        var gate = new WriterGate();
        Assert.True(database.Writer.TryEnqueue(gate));
        await gate._reached.Task;
        return gate;
    }

    public override void Run(BatchWriter context)
    {
        _reached.SetResult();
        _open.Wait();
    }

    public override void Complete()
    {
    }

    public override void Fail(Exception cause) => _reached.TrySetException(cause);

    public void Dispose() => _open.Set();
}
