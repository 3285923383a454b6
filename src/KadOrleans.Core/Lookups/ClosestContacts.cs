using System.Numerics;

namespace KadOrleans.Core;

internal static class ClosestContacts
{
    // The k nearest, at most one of a network (two if others are too few), nearest first. If one path alone knows most of them, every path
    // has an equal share of the places.
    public static IReadOnlyList<Candidate> Choose(IReadOnlyList<Candidate> byDistance, int paths, int bucketSize)
    {
        var nearest = TakeDiverse(byDistance, bucketSize);
        return AreMostlyOfOnePath(nearest, byDistance) ? TakeDiverse([.. InTurns(byDistance, paths)], bucketSize) : nearest;
    }

    // The first in an order, at most one of a network (two if others are too few). Returns them nearest first.
    public static IReadOnlyList<Candidate> TakeDiverse(IReadOnlyList<Candidate> inOrder, int count)
    {
        var taken = TakeDiverse(inOrder, count, LookupPaths.PerNetwork);
        taken = taken.Count < count ? TakeDiverse(inOrder, count, LookupPaths.PerNetworkWhenFew) : taken;
        taken.Sort((left, right) => left.Distance.CompareTo(right.Distance));
        return taken;
    }

    // Whether more than half are known by one path alone, which may have been led astray. Where only one path asked there is nothing to compare.
    public static bool AreMostlyOfOnePath(IReadOnlyList<Candidate> nearest, IReadOnlyList<Candidate> all)
    {
        var alone = nearest.Where(c => BitOperations.PopCount(c.Paths) == 1).CountBy(c => c.Paths);
        return alone.Any(path => path.Value * 2 > nearest.Count) && all.Any(c => c.AskedBy != all[0].AskedBy);
    }

    public static IEnumerable<Candidate> InTurns(IEnumerable<Candidate> byDistance, int paths)
    {
        var queues = Enumerable.Range(0, paths).Select(p => new Queue<Candidate>(byDistance.Where(c => c.IsOn(p)))).ToList();
        var taken = new HashSet<Candidate>();
        while (queues.Exists(queue => queue.Count > 0))
        {
            foreach (var queue in queues)
            {
                while (queue.TryDequeue(out var candidate))
                {
                    if (taken.Add(candidate))
                    {
                        yield return candidate;
                        break;
                    }
                }
            }
        }
    }

    private static List<Candidate> TakeDiverse(IReadOnlyList<Candidate> inOrder, int count, int perNetwork)
    {
        var taken = new List<Candidate>();
        foreach (var candidate in inOrder)
        {
            if (taken.Count < count
                && (candidate.Network is null || taken.Count(c => c.Network == candidate.Network) < perNetwork))
            {
                taken.Add(candidate);
            }
        }

        return taken;
    }
}
