using System.Numerics;

namespace KadOrleans.Core;

internal static class ClosestContacts
{
    // The k nearest. If one path alone knows most of them, every path has an equal share of the places.
    public static IReadOnlyList<Candidate> Choose(IReadOnlyList<Candidate> byDistance, int paths, int bucketSize)
    {
        var nearest = FindNearest(byDistance, bucketSize);
        return AreOfOnePath(nearest, byDistance) ? FindNearest([.. InTurns(byDistance, paths)], bucketSize) : nearest;
    }

    // The first k, at most one of a network (two if others are too few), nearest first.
    public static IReadOnlyList<Candidate> FindNearest(IReadOnlyList<Candidate> inOrder, int bucketSize)
    {
        var taken = TakeDiverse(inOrder, bucketSize, LookupPaths.PerNetwork);
        taken = taken.Count < bucketSize ? TakeDiverse(inOrder, bucketSize, LookupPaths.PerNetworkWhenFew) : taken;
        taken.Sort((left, right) => left.Distance.CompareTo(right.Distance));
        return taken;
    }

    // Whether one path alone knows most of the nearest of those that several paths have asked: it may have been led astray.
    public static bool AreOfOnePath(IReadOnlyList<Candidate> nearest, IReadOnlyList<Candidate> all)
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
