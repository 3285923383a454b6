using KadOrleans.SqliteFiles;
using Microsoft.Extensions.Logging;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>The one user of the grain state's file.</summary>
internal sealed class GrainWriter : GroupCommit<GrainStatements>
{
    /// <summary>
    /// Operations that may wait. A grain has few at a time, so that many grains wait for the disk before others wait for
    /// room here.
    /// </summary>
    public const int QueueCapacity = 4096;

    /// <summary>Bytes of one transaction, roughly, unless one write has more: a bound on its log and on the wait for it.</summary>
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
