using System.Security.Cryptography;
using KadOrleans.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>Tests that have a data folder of their own.</summary>
public abstract class SqliteTests : IDisposable
{
    /// <summary>Changes the last byte of the newest segment.</summary>
    private protected const string FlipLast =
        "UPDATE segment SET records = CAST(substr(records, 1, length(records) - 1) || x'5A' AS BLOB) WHERE number = (SELECT max(number) FROM segment)";

    private protected TemporaryFolder Folder { get; } = new();

    public virtual void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected SqliteDatabase Open(StorageOptions? options = null) =>
        SqliteDatabase.Open(Folder.Path, options ?? new(StoreQuota.Unlimited));

    /// <summary>A file of numbers, for what needs no node.</summary>
    private protected DatabaseFile OpenRows() => DatabaseFile.Open(
        Folder.Path,
        new DatabaseKind
        {
            FileName = "rows.db",
            ApplicationId = 7,
            Version = 1,
            Layout = "CREATE TABLE row (number INTEGER NOT NULL PRIMARY KEY);",
            Owner = "node",
            FreshStart = "start without rows",
            Fault = (sentence, cause) => new KeyStoreException(sentence, cause!),
        },
        static _ => { });

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

    extension(SegmentTable table)
    {
        /// <summary>The segments from the oldest to the newest.</summary>
        public IEnumerable<Segment> All
        {
            get
            {
                for (var segment = table.Oldest; segment is not null; segment = segment.Newer)
                {
                    yield return segment;
                }
            }
        }
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
internal sealed class WriterGate : IDisposable
{
    private readonly ManualResetEventSlim _open = new();

    /// <summary>Stops the writer; disposal lets it go on.</summary>
    public static async Task<WriterGate> CloseAsync(SqliteDatabase database)
    {
        var gate = new WriterGate();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.True(database.Writer.TryEnqueue(new FunctionOperation<SegmentWriter, bool>(_ =>
        {
            reached.SetResult();
            gate._open.Wait();
            return true;
        })));
        await reached.Task;
        return gate;
    }

    public void Dispose() => _open.Set();
}
