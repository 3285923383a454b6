using KadOrleans.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>What fails after a commit has rows in the file that memory lacks.</summary>
public sealed class AfterCommitTests : SqliteTests
{
    [Fact]
    public async Task A_failure_after_the_commit_ends_the_process()
    {
        using var file = OpenRows();
        await using var writer = new Writer(file);

        await Assert.ThrowsAnyAsync<Exception>(() => writer.RunAsync(Query("INSERT INTO row VALUES (3) RETURNING number"), Token));

        // The file has it.
        var (message, cause) = Assert.Single(writer.Ends);
        Assert.Equal($"Writing {file.Path} failed after its commit: the node ends, and its next start reads what was committed.", message);
        Assert.Equal("after", cause.Message);
        Assert.Equal(3, await writer.RunAsync(Query("SELECT number FROM row", isWrite: false), Token));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static FunctionOperation<SqliteConnection, long> Query(string sql, bool isWrite = true) =>
        new(connection => connection.QueryInteger(sql), isWrite: isWrite);

    private sealed class Writer : GroupCommit<SqliteConnection>
    {
        private readonly DatabaseFile _file;

        public Writer(DatabaseFile file)
            : base(file, capacity: 10, maxBatchBytes: 1_000, NullLogger.Instance)
        {
            _file = file;
            Start();
        }

        public List<(string Message, Exception Cause)> Ends { get; } = [];

        protected override SqliteConnection Context => _file.Connection;

        protected override void Write(List<DatabaseOperation<SqliteConnection>> batch) => batch.RemoveAll(operation => !TryRun(operation));

        protected override void Apply() => throw new InvalidOperationException("after");

        protected override void EndProcess(string message, Exception exception) => Ends.Add((message, exception));

        protected override void Close()
        {
        }

        protected override Exception Closed() => new ObjectDisposedException(nameof(Writer));
    }
}
