using KadOrleans.Core.Crawling;
using KadOrleans.Node.Crawling;

namespace KadOrleans.Node;

/// <content>Crawls.</content>
public sealed partial class DhtNode
{
    /// <summary>
    /// Prepares a crawl of the network under this node's id. The routing table plays no part in it and learns nothing
    /// of it; the crawl begins with the endpoints that were added to it.
    /// </summary>
    /// <param name="crawl">What is known, and the bounds; used by nobody else from now on.</param>
    /// <param name="perSecond">Datagrams per second: 1 to 10,000.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="perSecond"/> is outside of that.</exception>
    public CrawlRun PrepareCrawl(Crawl crawl, int perSecond)
    {
        ArgumentNullException.ThrowIfNull(crawl);
        return new CrawlRun(crawl, perSecond, _requests, Id, _time);
    }
}
