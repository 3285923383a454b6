using System.Text;

namespace KadOrleans.Core;

/// <summary>Sessions that ended between two crawls.</summary>
/// <param name="Since">The start of the first crawl that saw them. Null: the first crawl of all, or one that is no longer kept.</param>
/// <param name="Count">How many.</param>
public sealed record EndedSessions(DateTimeOffset? Since, int Count);

/// <summary>
/// How long nodes stay, by several crawls. A session is the time in which a node answers every crawl. It is taken to begin in the middle
/// between the last crawl without the node and the first with it, and to end likewise. The method is the create-based one of Roselli et al.
/// ("A Comparison of File System Workloads", 2000), as Stutzbach and Rejaie use it ("Understanding Churn in Peer-to-Peer Networks", 2006).
/// Only sessions that begin in the first half of the window count, and only lengths up to half of it are told apart. Otherwise short
/// sessions would count too often. A session shorter than the time between crawls is mostly not seen.
/// </summary>
/// <param name="Sessions">Sessions that began in the first half of the window.</param>
/// <param name="Limit">Half of the window: lengths above it are not told apart.</param>
/// <param name="Ended">Those of at most <paramref name="Limit"/>, by ascending length.</param>
/// <param name="Longer">Those above it.</param>
/// <param name="Median">The median length; null if it is above <paramref name="Limit"/>.</param>
public sealed record SessionLengths(
    int Sessions, TimeSpan Limit, IReadOnlyList<SessionLength> Ended, int Longer, TimeSpan? Median)
{
    /// <summary>From finished crawls, oldest first. Null with fewer than three, or without a session.</summary>
    internal static SessionLengths? Of(IReadOnlyList<CrawlReport> finished)
    {
        var crawls = Compared(finished);
        if (crawls.Count < 3)
        {
            return null;
        }

        var limit = (crawls[^1].StartedAt - crawls[0].StartedAt) / 2;
        var (sessions, lengths) = (0, new SortedDictionary<TimeSpan, int>());
        for (var first = 1; first < crawls.Count && crawls[first].StartedAt - crawls[0].StartedAt <= limit; first++)
        {
            sessions += crawls[first].Change!.Came;
            for (var gone = first + 1; gone < crawls.Count; gone++)
            {
                var length = Middle(gone) - Middle(first);
                var count = crawls[gone].Change!.Ended.Where(e => e.Since == crawls[first].StartedAt).Sum(e => e.Count);
                if (length <= limit && count > 0)
                {
                    lengths[length] = lengths.GetValueOrDefault(length) + count;
                }
            }
        }

        return sessions == 0 ? null : new SessionLengths(
            sessions,
            limit,
            [.. lengths.Select(pair => new SessionLength(pair.Key, pair.Value))],
            sessions - lengths.Values.Sum(),
            MedianOf(lengths, sessions));

        DateTimeOffset Middle(int crawl) =>
            crawls[crawl].StartedAt - ((crawls[crawl].StartedAt - crawls[crawl - 1].StartedAt) / 2);
    }

    /// <summary>The longest run at the end in which each crawl was compared with the one before.</summary>
    private static List<CrawlReport> Compared(IReadOnlyList<CrawlReport> finished)
    {
        var first = finished.Count - 1;
        while (first > 0 && finished[first].Change?.Before == finished[first - 1].Id)
        {
            first--;
        }

        return [.. finished.Skip(first)];
    }

    private static TimeSpan? MedianOf(SortedDictionary<TimeSpan, int> lengths, int sessions) =>
        lengths.SelectMany(pair => Enumerable.Repeat<TimeSpan?>(pair.Key, pair.Value)).ElementAtOrDefault((sessions - 1) / 2);

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>Sessions of one length.</summary>
/// <param name="Length">The length.</param>
/// <param name="Count">How many.</param>
public sealed record SessionLength(TimeSpan Length, int Count);
