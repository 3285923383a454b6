
namespace KadOrleans.Lab;

/// <summary>Reads each key through each edge and judges what is there.</summary>
internal sealed class KeyCheck(IReadOnlyList<UdpAsker> edges, ProgressLog log)
{
    // An edge may answer with contacts where a shard is late, and a datagram may be lost: only what stays so is judged.
    private const int Attempts = 10;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public async Task<CheckResult> RunAsync(IEnumerable<KeyWriter> writers)
    {
        var verdicts = await Task.WhenAll(writers.Select(JudgeAsync));
        return new CheckResult(verdicts.Count(verdict => verdict == Verdict.Lost), verdicts.Count(verdict => verdict == Verdict.Undone));
    }

    private async Task<Verdict> JudgeAsync(KeyWriter writer)
    {
        var verdicts = await Task.WhenAll(edges.Select((edge, i) => JudgeAsync(writer, edge, i)));
        return verdicts.Max();
    }

    private async Task<Verdict> JudgeAsync(KeyWriter writer, UdpAsker edge, int index)
    {
        for (var attempt = 1; ; attempt++)
        {
            var acknowledged = writer.History.LastAcknowledged;
            var (value, isAnswered) = await ReadAsync(writer, edge);
            var found = KeyVersion.Read(writer.History.Key, value);
            var verdict = KeyHistory.Judge(found, value.Kind == DhtValueKind.None, acknowledged);
            if (verdict == Verdict.Kept && isAnswered)
            {
                return verdict;
            }

            if (attempt == Attempts)
            {
                log.Tell($"{verdict} at edge {index + 1}{(isAnswered ? string.Empty : ", no answer")}: {writer.History.Describe(found)}");
                return verdict == Verdict.Kept ? Verdict.Lost : verdict;
            }

            await Task.Delay(Pause);
        }
    }

    private static async Task<(DhtValue Value, bool IsAnswered)> ReadAsync(KeyWriter writer, UdpAsker edge)
    {
        try
        {
            return (await edge.FindValueAsync(writer.Id).WaitAsync(Wait), true);
        }
        catch (TimeoutException)
        {
            return (default, false);
        }
    }
}

/// <summary>Keys of which nothing is there, and those of which something older is there.</summary>
internal readonly record struct CheckResult(int Lost, int Undone);
