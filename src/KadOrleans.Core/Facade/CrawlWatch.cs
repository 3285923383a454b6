using System.Runtime.CompilerServices;

namespace KadOrleans;

internal static class CrawlWatch
{
    /// <summary>The reports of a crawl until it ends, each that differs from the one before.</summary>
    public static async IAsyncEnumerable<CrawlReport> RunAsync(
        Func<CancellationToken, Task<CrawlReport>> get,
        Func<CancellationToken, Task> pause,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        CrawlReport? shown = null;
        while (true)
        {
            var report = await get(cancellationToken);
            if (report != shown)
            {
                yield return shown = report;
            }

            if (report.Phase != CrawlPhase.Running)
            {
                yield break;
            }

            await pause(cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
