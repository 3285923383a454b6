namespace KadOrleans.Tests.Lab;

public sealed class HistoryCheckerTests
{
    private static int _contradictions;

    /// <summary>Histories of one key as text, what they are, and how many operations are shown of those that contradict.</summary>
    public static TheoryData<string, string, int> Histories => new()
    {
        { "an empty history", "", 0 },
        { "a lost update: two sets over one value", "set 1 0-1; set 2 over 1 2-5; set 3 over 1 3-6", 3 },
        { "one of two sets over nothing", "set 1 over 0 0-5; set 2 over 0 1-6 refused; get 1 7-8", 0 },
        { "two sets over nothing", "set 1 over 0 0-5; set 2 over 0 1-6", 2 },
        { "a stale read", "set 1 0-1; set 2 2-3; get 1 4-5", 3 },
        { "a read as old as it may be", "set 1 0-1; set 2 2-3; get 1 4-5 stale 2", 0 },
        { "a read older than it may be", "set 1 0-1; set 2 2-3; get 1 6-7 stale 2", 3 },
        { "a write seen before its begin", "get 1 0-1; set 1 2-3", 2 },
        { "a value that nobody wrote", "set 1 0-1; get 9 2-3", 1 },
        { "a value that comes back after a delete", "set 1 0-1; delete 2-3; get 1 4-5", 3 },
        { "a value that comes back after it was replaced: a write made twice", "set 1 0-9; get 1 2-3; set 2 4-5; get 2 5-6; get 1 7-8", 5 },
        { "nothing, after a write", "set 1 0-1; get 0 2-3", 2 },
        { "an unclear write that happens late", "set 1 0-1; set 2 2- unclear; get 1 3-4; get 2 5-6", 0 },
        { "an unclear write that happens twice", "set 1 0-1; set 2 2- unclear; get 2 3-4; get 1 5-6", 4 },
        { "unclear writes that never happen", "set 1 0-1; set 2 2- unclear; set 3 over 1 2- unclear; get 1 5-6", 0 },
        { "a refused write that is seen", "set 1 0-1; set 2 over 0 2-3 refused; get 2 4-5", 2 },
        { "a condition that was refused though it held", "set 1 0-1; set 2 over 1 2-3 refused", 2 },
        { "a condition that an unclear write explains", "set 1 0-1; set 3 1- unclear; set 2 over 1 2-3 refused", 0 },
        { "a chain of conditions out of order", "set 1 0-1; set 2 over 1 2-3; set 3 over 2 4-5; get 2 6-7", 3 },
        { "items in their order", "item 1 seq 1 0-1; item 2 seq 3 2-3; item 3 seq 2 4-5 refused; get 2 6-7", 0 },
        { "an older item over a newer one", "item 1 seq 5 0-1; item 2 seq 3 2-3", 2 },
        { "two items over one sequence number", "item 1 seq 5 0-1; item 2 seq 6 over 5 2-5; item 3 seq 7 over 5 2-5", 2 },
        { "a write made twice that may be", "set 1 0-9 twice; get 1 2-3; set 2 4-5; get 2 5-6; get 1 7-8", 0 },
        { "a write made twice, the second time after its end", "set 1 0-4 twice; get 1 1-2; set 2 5-6; get 2 7-8; get 1 9-9", 4 },
        { "a refusal that hides a success", "set 1 0-1; set 2 over 1 2-6 hides; get 2 3-4; set 3 over 2 4-5", 0 },
        { "a refusal that hides a success, and one that does not", "set 1 0-1; set 2 over 1 2-6 refused; get 2 3-4; set 3 over 2 4-5", 2 },
        { "a publication that ends twice", "set 1 0-1; unpublish 2-3; unpublish 4-5", 2 },
        { "a delete of what was there that says that nothing was", "set 1 0-1; delete 2-3 refused", 2 },
        { "two deletes, of which the second finds nothing", "set 1 0-1; delete 2-3; delete 4-5 refused; get 0 6-7", 0 },
        { "a set with a life over what is published", "set 1 0-1; life 2 2-3", 2 },
        { "a set with a life that what is published refuses", "set 1 0-1; life 2 2-3 refused; get 1 4-5", 0 },
        { "a set with a life once the publication has ended", "set 1 0-1; unpublish 2-3; life 2 4-5; get 2 6-7", 0 },
        { "an end of what a set with a life did not publish", "life 1 0-1; unpublish 2-3", 1 },
        { "a set with a life that is refused where nothing is", "life 1 0-1 refused", 1 },
        { "a newer item over one that is kept, and an older one", "keep 1 seq 2 0-1; item 2 seq 3 2-3; keep 3 seq 1 4-5 refused; get 2 6-7", 0 },
        { "an older item that is kept over a newer one", "item 1 seq 5 0-1; keep 2 seq 3 2-3", 2 },
        { "a publication that ends once", "set 1 0-1; unpublish 2-3; unpublish 4-5 refused; get 1 6-7", 0 },
    };

    [Theory]
    [MemberData(nameof(Histories))]
    public void What_contradicts_is_found_and_reduced(string what, string text, int contradicting)
    {
        var history = Read(text);

        var verdict = HistoryChecker.Check(history);

        Assert.True(verdict == (contradicting > 0 ? HistoryVerdict.Contradicts : HistoryVerdict.Holds), $"{what}: {verdict}");
        if (contradicting > 0)
        {
            Assert.Equal(contradicting, Contradiction.Find(history).Operations.Count);
        }
    }

    [Fact]
    public void The_search_agrees_with_all_orders_of_small_histories()
    {
        const int Runs = 20_000;
        Randomized.ForSeeds(Runs, random =>
        {
            var history = Draw(random);
            var expected = HasOrder([.. history.Where(one => one.Outcome != OperationOutcome.Rejected)], [], default, TimeSpan.MinValue)
                ? HistoryVerdict.Holds
                : HistoryVerdict.Contradicts;
            Interlocked.Add(ref _contradictions, expected == HistoryVerdict.Contradicts ? 1 : 0);

            Assert.True(expected == HistoryChecker.Check(history), Timeline.Write(history));
        });

        // Else the random histories would be too easy.
        Assert.InRange(_contradictions, Runs / 10, Runs * 9 / 10);
    }

    [Fact]
    public void A_reduced_contradiction_contradicts_though_all_else_is_forgotten() => Randomized.ForSeeds(2_000, random =>
    {
        var history = Draw(random);
        if (HistoryChecker.Check(history) != HistoryVerdict.Contradicts)
        {
            return;
        }

        var part = Contradiction.Find(history).Operations;

        var forgotten = history.Except(part).Select(Contradiction.Forget).OfType<Operation>();
        Assert.InRange(part.Count, 1, history.Count);
        Assert.Equal(HistoryVerdict.Contradicts, HistoryChecker.Check([.. part, .. forgotten]));
    });

    [Fact]
    public void A_long_history_of_many_clients_is_judged_and_one_stale_read_among_it_is_found()
    {
        var random = new SeededRandomSource(1);
        var history = Simulate(random, clients: 16, operations: 20_000);
        var last = history.Max(one => one.End!.Value);
        var stale = new Operation
        {
            Client = 99,
            Kind = OperationKind.Get,
            Value = history.First(one => one.IsWrite).Value,
            Begin = last / 2,
            End = last / 2,
            Outcome = OperationOutcome.Done,
        };

        Assert.Equal(HistoryVerdict.Holds, HistoryChecker.Check(history));
        Assert.Equal(HistoryVerdict.Contradicts, HistoryChecker.Check([.. history, stale]));
        Assert.InRange(Contradiction.Find([.. history, stale]).Operations.Count, 2, 4);
    }

    [Fact]
    public void Too_many_unclear_ends_and_too_many_orders_are_undecided()
    {
        var unclear = Enumerable.Range(1, HistoryChecker.MaxUnclear + 1).Select(value => new Operation
        {
            Client = value,
            Kind = OperationKind.Set,
            Value = value,
            Begin = TimeSpan.Zero,
            Outcome = OperationOutcome.Unclear,
        });

        Assert.Equal(HistoryVerdict.Undecided, HistoryChecker.Check([.. unclear]));
        Assert.Equal(HistoryVerdict.Undecided, HistoryChecker.Check(Read("set 1 0-1; set 2 0-1; get 1 2-3"), maxPlaces: 1));
    }

    [Fact]
    public void Two_writes_of_one_value_are_no_history() =>
        Assert.Throws<ArgumentException>(() => HistoryChecker.Check(Read("set 1 0-1; set 1 2-3")));

    [Fact]
    public void A_part_is_shown_as_lines_and_as_a_picture()
    {
        var part = Read("set 1 0-1; set 2 over 1 2- unclear; get 1 4-5 stale 2");

        var lines = Timeline.Write(part).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var picture = HistoryPicture.Draw(part, "key 3 & seed 1");

        Assert.Equal(3, lines.Length);
        Assert.StartsWith("client 0  set 1: done            |---------|", lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^client 1  set 2 over 1: unclear {22}\|-+> +2\.000 to \? s\r?$", lines[1]);
        Assert.EndsWith("4.000 to 5.000 s, up to 2 s old", lines[2].TrimEnd(), StringComparison.Ordinal);
        Assert.Contains("key 3 &amp; seed 1", picture, StringComparison.Ordinal);
        Assert.Equal(3, picture.Split("<path").Length - 1);
    }

    // Each operation has its effect at one moment, so there is an order.
    private static List<Operation> Simulate(SeededRandomSource random, int clients, int operations)
    {
        var free = new double[clients];
        var history = new List<Operation>();
        for (var i = 1; i <= operations; i++)
        {
            var client = Array.IndexOf(free, free.Min());
            var moment = free[client] + random.NextDouble();
            var one = Operation(random.Next(3), i) with
            {
                Client = client,
                Begin = TimeSpan.FromSeconds(free[client]),
                End = TimeSpan.FromSeconds(moment + random.NextDouble()),
            };
            history.Add(one);
            free[client] = one.End!.Value.TotalSeconds;
        }

        // In the order of their moments.
        return Effects(history, random);
    }

    private static List<Operation> Effects(List<Operation> drawn, SeededRandomSource random)
    {
        var state = default(RegisterState);
        return [.. drawn
            .Select(one => (Moment: one.Begin + ((one.End!.Value - one.Begin) * random.NextDouble()), One: one))
            .OrderBy(pair => pair.Moment)
            .Select(pair =>
            {
                var one = pair.One;
                one = one.Kind == OperationKind.Get ? one with { Value = state.Value }
                    : one.Kind == OperationKind.SetIf && random.Next(2) == 0 ? one with { Expected = state.Value }
                    : one;
                one = state.After(one) is null ? one with { Outcome = OperationOutcome.Refused } : one;
                state = state.After(one)!.Value;
                return one;
            })];
    }

    private static Operation Operation(int kind, int value) => new()
    {
        Client = 0,
        Kind = kind switch { 0 => OperationKind.Get, 1 => OperationKind.Set, _ => OperationKind.SetIf },
        Value = value,
        Begin = default,
        Outcome = OperationOutcome.Done,
    };

    private static List<Operation> Draw(SeededRandomSource random)
    {
        var count = 2 + random.Next(5);
        var kinds = random.Next(4) switch
        {
            0 => (OperationKind[])[OperationKind.Get, OperationKind.Set, OperationKind.SetIf],
            1 => [OperationKind.Get, OperationKind.PutItem, OperationKind.KeepItem, OperationKind.Delete],
            2 => [OperationKind.Get, OperationKind.Set, OperationKind.SetFor, OperationKind.Unpublish, OperationKind.Delete],
            _ => [OperationKind.Get, OperationKind.SetIf, OperationKind.Unpublish, OperationKind.Set],
        };
        return [.. Enumerable.Range(1, count).Select(i =>
        {
            var kind = kinds[random.Next(kinds.Length)];
            var begin = random.Next(8);
            var outcome = random.Next(10) switch
            {
                0 or 1 => OperationOutcome.Unclear,
                2 or 3 => OperationOutcome.Refused,
                4 => OperationOutcome.Rejected,
                _ => OperationOutcome.Done,
            };
            outcome = kind is OperationKind.Get or OperationKind.Set && outcome == OperationOutcome.Refused ? OperationOutcome.Done : outcome;
            return new Operation
            {
                Client = i,
                Kind = kind,
                Value = kind == OperationKind.Get ? random.Next(count + 1) : i,
                Expected = kind == OperationKind.SetIf ? random.Next(count + 1) : 0,
                Seq = kind is OperationKind.PutItem or OperationKind.KeepItem ? 1 + random.Next(4) : 0,
                ExpectedSeq = kind == OperationKind.PutItem && random.Next(2) == 0 ? random.Next(4) : null,
                Begin = TimeSpan.FromSeconds(begin),
                End = outcome == OperationOutcome.Unclear ? null : TimeSpan.FromSeconds(begin + random.Next(5)),
                Staleness = TimeSpan.FromSeconds(kind == OperationKind.Get && random.Next(4) == 0 ? random.Next(4) : 0),
                Outcome = outcome,
                MayRepeat = kind is OperationKind.Set or OperationKind.SetFor && random.Next(3) == 0,
            };
        })];
    }

    // All orders, without any thought.
    private static bool HasOrder(IReadOnlyList<Operation> left, IReadOnlyList<Operation> again, RegisterState state, TimeSpan latest) =>
        left.All(one => one.Outcome == OperationOutcome.Unclear)
        || left.Any(one =>
            !left.Any(other => other.Outcome != OperationOutcome.Unclear && other.End < one.Begin - one.Staleness)
            && (one.Outcome != OperationOutcome.Unclear || one.Kind != OperationKind.Get)
            && state.After(one) is { } after
            && HasOrder(
                [.. left.Where(other => other != one)],
                one.MayRepeat ? [.. again, one] : again,
                after,
                one.Begin - one.Staleness > latest ? one.Begin - one.Staleness : latest))
        || again.Any(one =>
            (one.End is null || latest <= one.End)
            && state.After(one) is { } after
            && HasOrder(left, [.. again.Where(other => other != one)], after, latest));

    // Such as 'set 2 over 1 2-5 unclear', of a client for each.
    private static List<Operation> Read(string text) => [.. text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select((one, client) => Read(one, client))];

    private static Operation Read(string text, int client)
    {
        var match = Regex.Match(
            text.Trim(),
            @"^(?<kind>\w+)( (?<value>\d+))?( seq (?<seq>\d+))?( over (?<over>\d+))? (?<begin>\d+)-(?<end>\d*)( stale (?<stale>\d+))?( (?<outcome>\w+))?$");
        Assert.True(match.Success, text);
        var isItem = match.Groups["kind"].Value is "item" or "keep";
        return new Operation
        {
            Client = client,
            Kind = match.Groups["kind"].Value switch
            {
                "get" => OperationKind.Get,
                "set" when match.Groups["over"].Success => OperationKind.SetIf,
                "set" => OperationKind.Set,
                "life" => OperationKind.SetFor,
                "item" => OperationKind.PutItem,
                "keep" => OperationKind.KeepItem,
                "delete" => OperationKind.Delete,
                _ => OperationKind.Unpublish,
            },
            Value = Number("value") ?? 0,
            Expected = isItem ? 0 : Number("over") ?? 0,
            Seq = Number("seq") ?? 0,
            ExpectedSeq = isItem ? Number("over") : null,
            Begin = TimeSpan.FromSeconds(Number("begin") ?? 0),
            End = Number("end") is { } end ? TimeSpan.FromSeconds(end) : null,
            Staleness = TimeSpan.FromSeconds(Number("stale") ?? 0),
            Outcome = match.Groups["outcome"].Value switch
            {
                "refused" or "hides" => OperationOutcome.Refused,
                "unclear" => OperationOutcome.Unclear,
                _ => OperationOutcome.Done,
            },
            MayRepeat = match.Groups["outcome"].Value == "twice",
            MayHide = match.Groups["outcome"].Value == "hides",
        };

        int? Number(string name) => match.Groups[name] is { Success: true, Length: > 0 } group ? int.Parse(group.Value, CultureInfo.InvariantCulture) : null;
    }
}
