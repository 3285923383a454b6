using KadOrleans.Core;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Http.Managing;

/// <summary>
/// One line for each change by the management API: in the log, and the last <see cref="MaxEntries"/> of this process in memory. Event ids
/// 8110 to 8119.
/// </summary>
internal sealed partial class AuditLog(ILoggerFactory loggers, TimeProvider time)
{
    /// <summary>The category in the log.</summary>
    public const string Category = "KadOrleans.Audit";

    /// <summary>The entries kept in memory.</summary>
    public const int MaxEntries = 1_000;

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    // Guards _entries.
    private readonly Lock _gate = new();
    private readonly Queue<AuditEntry> _entries = new();

    /// <summary>The last entries, newest first.</summary>
    /// <param name="count">How many at most.</param>
    public IReadOnlyList<AuditEntry> Read(int count)
    {
        lock (_gate)
        {
            return [.. _entries.Reverse().Take(count)];
        }
    }

    /// <summary>Makes a change and notes it.</summary>
    /// <param name="who">The name of the caller's token.</param>
    /// <param name="action">What it does, in a word.</param>
    /// <param name="target">What it changes.</param>
    /// <param name="change">The change.</param>
    /// <param name="describe">Its result, in a few words.</param>
    public async Task<T> RunAsync<T>(string who, string action, string target, Func<Task<T>> change, Func<T, string> describe)
    {
        try
        {
            var result = await change();
            Note(new AuditEntry(time.GetUtcNow(), VisibleText.Show(who), action, VisibleText.Excerpt(target), true, describe(result)));
            return result;
        }
        catch (Exception e)
        {
            // A change that failed, or whose caller went away, may have been made.
            Note(new AuditEntry(time.GetUtcNow(), VisibleText.Show(who), action, VisibleText.Excerpt(target), false, VisibleText.Excerpt(e.Message)));
            throw;
        }
    }

    private void Note(AuditEntry entry)
    {
        if (entry.Succeeded)
        {
            LogChanged(entry.Who, entry.Action, entry.Target, entry.Result);
        }
        else
        {
            LogFailed(entry.Who, entry.Action, entry.Target, entry.Result);
        }

        lock (_gate)
        {
            if (_entries.Count == MaxEntries)
            {
                _entries.Dequeue();
            }

            _entries.Enqueue(entry);
        }
    }

    [LoggerMessage(8110, LogLevel.Information, "Audit: '{Who}' {Action} {Target}: {Result}")]
    private partial void LogChanged(string who, string action, string target, string result);

    [LoggerMessage(8111, LogLevel.Warning, "Audit: '{Who}' {Action} {Target} failed and may have been done in part: {Result}")]
    private partial void LogFailed(string who, string action, string target, string result);
}

/// <summary>A change by the management API.</summary>
/// <param name="Time">When it ended, in UTC.</param>
/// <param name="Who">The name of the caller's token.</param>
/// <param name="Action">What was done: delete.</param>
/// <param name="Target">What was changed: the id of a key.</param>
/// <param name="Succeeded">Whether it was done. If not, a part may have been.</param>
/// <param name="Result">What came of it.</param>
internal sealed record AuditEntry(DateTimeOffset Time, string Who, string Action, string Target, bool Succeeded, string Result);
