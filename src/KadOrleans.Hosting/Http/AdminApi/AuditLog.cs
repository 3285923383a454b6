using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Hosting;

// Notes each change by the management API: a line in the log of the process, and an entry that lasts, kept by the IDhtAdmin. Event ids
// 8110 to 8119.
internal sealed partial class AuditLog(IServiceProvider services, ILoggerFactory loggers, TimeProvider time)
{
    private readonly ILogger _logger = loggers.CreateLogger("KadOrleans.Audit");

    // Makes a change and notes it: who, by the token of the request, what in a word, and its result in a few. The change must not be
    // cancelled with the request: it would be done by half. An entry that cannot be kept is in the log alone.
    public async Task<T> RunAsync<T>(HttpContext context, string action, string target, Func<Task<T>> change, Func<T, string> describe)
    {
        var who = VisibleText.Show(TokenAuthentication.TokenOf(context).Name);
        try
        {
            var result = await AdminApi.CheckedAsync(change);
            await NoteAsync(new AuditEntry(time.GetUtcNow(), who, action, VisibleText.Excerpt(target), true, VisibleText.Show(describe(result))));
            return result;
        }
        catch (Exception e)
        {
            // A change that failed, or whose caller went away, may have been made.
            await NoteAsync(new AuditEntry(time.GetUtcNow(), who, action, VisibleText.Excerpt(target), false, VisibleText.Excerpt(e.Message)));
            throw;
        }
    }

    private async Task NoteAsync(AuditEntry entry)
    {
        if (entry.Succeeded)
        {
            LogChanged(entry.Who, entry.Action, entry.Target, entry.Result);
        }
        else
        {
            LogFailed(entry.Who, entry.Action, entry.Target, entry.Result);
        }

        try
        {
            await services.GetRequiredService<IDhtAdmin>().NoteAsync(entry, CancellationToken.None);
        }
        catch (Exception e)
        {
            LogNotKept(entry.Action, entry.Target, e.Message);
        }
    }

    [LoggerMessage(8110, LogLevel.Information, "Audit: '{Who}' {Action} {Target}: {Result}")]
    private partial void LogChanged(string who, string action, string target, string result);

    [LoggerMessage(8111, LogLevel.Warning, "Audit: '{Who}' {Action} {Target} failed and may have been done in part: {Result}")]
    private partial void LogFailed(string who, string action, string target, string result);

    [LoggerMessage(8112, LogLevel.Error, "The audit log could not keep the entry '{Action} {Target}', which is in this log alone: {Problem}")]
    private partial void LogNotKept(string action, string target, string problem);
}
