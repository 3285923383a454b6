namespace KadOrleans.Lab;

/// <summary>
/// <c>http map ROWS ROUNDS</c>: what the console asks a node of a crawl that found so many addresses, a tenth of them unreachable. Prints the
/// time and the size of each response.
/// </summary>
internal static class CrawlMapBenchmark
{
    private const int DeadShare = 10;

    public static async Task RunAsync(int rows, int rounds)
    {
        using var folder = new TemporaryFolder();
        var id = await SaveAsync(folder.Path, rows);
        await using var served = await ServedNode.StartAsync(folder.Path);
        using var http = ServedNode.Client(served.Address, served.Secret);
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var path in new[] { string.Empty, $"/{id}/map", $"/{id}/map?prefix=0", $"/{id}/map?prefix=000", $"/{id}/nodes", $"/{id}/nodes?format=svg" })
            {
                var begun = Stopwatch.GetTimestamp();
                var bytes = (await http.GetByteArrayAsync(new Uri($"/v1/admin/crawls{path}", UriKind.Relative))).Length;

                // The first round compiles.
                if (round > 0)
                {
                    Console.WriteLine($"{rows} rows, crawls{path.Replace(id, "ID", StringComparison.Ordinal)}: {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:F0} ms, {bytes / 1000.0:N1} kB");
                }
            }
        }
    }

    private static async Task<string> SaveAsync(string folder, int rows)
    {
        var random = new Random(1);
        var records = Enumerable.Range(0, rows).Select(number => Row(random, number)).ToList();
        var now = DateTimeOffset.UtcNow;
        var report = new CrawlReport
        {
            Id = CrawlReport.NameOf(now),
            Phase = CrawlPhase.Finished,
            StartedAt = now,
            EndedAt = now,
            Rate = CrawlOptions.DefaultRate,
            MaxNodes = CrawlOptions.HighestMaxNodes,
            Summary = CrawlSummary.Of(records),
        };
        await using var file = SqliteNodeFile.Open(folder, StoreQuota.Unlimited);
        await file.Crawls.SaveAsync(report, records);
        return report.Id;
    }

    private static CrawlRecord Row(Random random, int number)
    {
        var bytes = new byte[NodeId.Length];
        random.NextBytes(bytes);
        var isDead = number % DeadShare == 0;
        return new CrawlRecord
        {
            Endpoint = UdpEndpoint.Parse($"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:8468"),
            State = isDead ? CrawlState.Unreachable : CrawlState.Visited,
            Id = isDead ? null : new NodeId(bytes),
            ClaimedIds = isDead ? [new NodeId(bytes)] : [],
            RoundTrip = isDead ? null : TimeSpan.FromMilliseconds(random.Next(1, 300)),
            Contacts = isDead ? 0 : random.Next(20, 200),
            IsComplete = !isDead,
            Form = isDead ? default : AddressForm.Text,
        };
    }
}
