using System.Runtime.CompilerServices;
using KadOrleans.Core.Crawling;

namespace KadOrleans;

/// <summary>Follows a crawl, of a node or of a cluster.</summary>
internal static class CrawlWatch
{
    /// <summary>The reports of a crawl until it ends, each that differs from the one before.</summary>
    /// <param name="get">Gets the report now.</param>
    /// <param name="pause">Waits until it is worth asking again.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
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
