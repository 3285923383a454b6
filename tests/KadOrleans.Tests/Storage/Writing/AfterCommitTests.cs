using KadOrleans.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Tests.Storage;

/// <summary>What fails after a commit has rows in the file that memory lacks.</summary>
public sealed class AfterCommitTests : SqliteTests
{
    [Fact]
    public async Task A_failure_before_the_commit_fails_the_batch_and_one_after_it_ends_the_process()
    {
        using var file = OpenFile();
        await using var writer = new Writer(file);
        await writer.RunAsync(Insert(1), TestContext.Current.CancellationToken);

        writer.FailsBefore = true;
        await Assert.ThrowsAnyAsync<Exception>(() => writer.RunAsync(Insert(2), TestContext.Current.CancellationToken));
        Assert.Empty(writer.Ends);
        writer.FailsBefore = false;

        writer.FailsAfter = true;
        await Assert.ThrowsAnyAsync<Exception>(() => writer.RunAsync(Insert(3), TestContext.Current.CancellationToken));

        // The file has it.
        var (message, cause) = Assert.Single(writer.Ends);
        Assert.Equal($"Writing {file.Path} failed after its commit: the node ends, and its next start reads what was committed.", message);
        Assert.Equal("after", cause.Message);
        Assert.Equal([1, 3], await writer.RunAsync(new FunctionOperation<SqliteConnection, List<long>>(Read, isWrite: false), TestContext.Current.CancellationToken));
    }

    private static FunctionOperation<SqliteConnection, bool> Insert(int number) => new(connection =>
    {
        connection.Execute("INSERT INTO row VALUES ($number)", new SqliteParameter("$number", number));
        return true;
    });

    private static List<long> Read(SqliteConnection connection)
    {
        using var command = connection.PrepareCommand("SELECT number FROM row ORDER BY number");
        using var rows = command.ExecuteReader();
        var numbers = new List<long>();
        while (rows.Read())
        {
            numbers.Add(rows.GetInt64(0));
        }

        return numbers;
    }

    private DatabaseFile OpenFile() => DatabaseFile.Open(
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

        public bool FailsBefore { get; set; }

        public bool FailsAfter { get; set; }

        protected override SqliteConnection Context => _file.Connection;

        protected override bool Decide(List<DatabaseOperation<SqliteConnection>> batch) => true;

        protected override void Write(List<DatabaseOperation<SqliteConnection>> batch)
        {
            batch.RemoveAll(operation => !TryRun(operation));
            if (FailsBefore)
            {
                throw new InvalidOperationException("before");
            }
        }

        protected override void Apply()
        {
            if (FailsAfter)
            {
                throw new InvalidOperationException("after");
            }
        }

        protected override void Abandon()
        {
        }

        protected override void EndProcess(string message, Exception exception) => Ends.Add((message, exception));

        protected override void Close()
        {
        }

        protected override Exception Closed() => new ObjectDisposedException(nameof(Writer));
    }
}
