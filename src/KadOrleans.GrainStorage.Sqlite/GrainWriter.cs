using KadOrleans.SqliteFiles;
using Microsoft.Extensions.Logging;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>The only reader and writer of the grain state's file.</summary>
internal sealed class GrainWriter : GroupCommit<GrainStatements>
{
    /// <summary>How many operations may wait. A grain has few at a time, so this is room for many grains.</summary>
    public const int QueueCapacity = 4096;

    /// <summary>The approximate bytes of one transaction, unless a single write has more. It bounds the log and the latency.</summary>
    public const int MaxBatchBytes = 32 * 1024 * 1024;

    private readonly DatabaseFile _file;
    private readonly GrainStatements _statements;

    /// <summary>Starts working on a file.</summary>
    public GrainWriter(DatabaseFile file, ILogger logger)
        : base(file, QueueCapacity, MaxBatchBytes, logger)
    {
        _file = file;
        _statements = new GrainStatements(file.Connection);
        Start();
    }

    protected override GrainStatements Context => _statements;

    protected override bool Plan(List<DatabaseOperation<GrainStatements>> batch) => true;

    protected override void Write(List<DatabaseOperation<GrainStatements>> batch) => batch.RemoveAll(write => !TryRun(write));

    protected override void Apply()
    {
    }

    protected override void Abandon()
    {
    }

    protected override void Close() => _statements.Dispose();

    protected override Exception Closed() => new GrainDatabaseException($"'{_file.Path}' is closed: the silo stops.");
}
