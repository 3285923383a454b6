using System.Diagnostics;
using KadOrleans.Sqlite;
using KadOrleans.Storage.Sqlite.Format;
using KadOrleans.Storage.Sqlite.Segments;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Storage.Sqlite.Loading;

/// <summary>Brings a file to version 3: its values move from a row each into a log of segments.</summary>
internal sealed class RowsToSegments(DatabaseFile file, ILogger logger)
{
    // How often a long upgrade says how far it is.
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(2);

    /// <summary>Does it, within the transaction that is open.</summary>
    public void Run()
    {
        file.Connection.Execute(DatabaseSchema.SegmentTable);
        var keys = file.Connection.QueryInteger("SELECT count(*) FROM stored_value");
        using (var rows = new SegmentRows(file.Connection))
        {
            var output = new SegmentOutput(new SegmentTable(), rows, new LogOptions());
            var watch = Stopwatch.StartNew();
            var done = 0L;
            new DatabaseLoader(file).ReadRows((key, value) =>
            {
                output.Put(key, value);
                done++;
                if (watch.Elapsed >= ReportInterval)
                {
                    watch.Restart();
                    StorageLog.Upgrading(logger, file.Path, done, keys);
                }
            });
            output.Flush();
        }

        file.Connection.Execute("DROP TABLE stored_value");
    }
}
