using System.Text;

namespace KadOrleans.Lab;

/// <summary>What became of a run: what was done, and which keys' histories contradict.</summary>
internal sealed record HistoryReport(HistoryOptions Options, IReadOnlyList<JudgedKey> Keys, int Faults, bool IsHealthy)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);
    private static readonly OperationOutcome[] Outcomes = Enum.GetValues<OperationOutcome>();

    public IReadOnlyList<JudgedKey> Contradictions => [.. Keys.Where(key => key.Verdict == HistoryVerdict.Contradicts)];

    public int Undecided => Keys.Count(key => key.Verdict == HistoryVerdict.Undecided);

    /// <summary>Without those that were rejected.</summary>
    public int Operations => Keys.Sum(key => key.Key.Judged);

    public int Unclear => Keys.Sum(key => key.Count(OperationOutcome.Unclear));

    public bool IsGood => IsHealthy && Contradictions.Count == 0 && Undecided == 0;

    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            Options.Subject,
            Options.Seed,
            Faults,
            IsHealthy,
            Operations,
            Done = Keys.Sum(key => key.Count(OperationOutcome.Done)),
            Refused = Keys.Sum(key => key.Count(OperationOutcome.Refused)),
            Rejected = Keys.Sum(key => key.Count(OperationOutcome.Rejected)),
            Unclear,
            Hidden = Keys.Sum(key => key.Hidden),
            Keys = Keys.Count,
            Undecided,
            Contradictions = Contradictions.Select(key => new { key.Key.Name, Operations = key.Part!.Operations.Select(one => $"{Timeline.NameOf(one)}: {one}") }),
        },
        Web);

    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine($"{Options.Subject}, seed {Options.Seed}, {Faults} faults{(IsHealthy ? string.Empty : "; not healthy after one of them")}.");
        text.AppendLine();
        using (var table = new StringWriter())
        {
            MarkdownTable.Write(
                table,
                ["keys", "what", "operations", .. Outcomes.Select(outcome => $"{outcome}".ToLowerInvariant()), "hidden", "undecided", "contradictions"],
                Keys.GroupBy(key => key.Key.Kind).OrderBy(group => group.Key).Select(group => Row(group.Key.ToString().ToLowerInvariant(), [.. group]))
                    .Append(Row("all", Keys)));
            table.WriteLine();
            MarkdownTable.Write(
                table,
                ["call", .. Outcomes.Select(outcome => $"{outcome}".ToLowerInvariant())],
                [.. Keys.SelectMany(key => key.History).GroupBy(one => one.Kind).OrderBy(group => group.Key).Select(group => (string[])
                [
                    $"{group.Key}".ToLowerInvariant(), .. Outcomes.Select(outcome => $"{group.Count(one => one.Outcome == outcome)}"),
                ])]);
            text.Append(table);
        }

        foreach (var key in Contradictions)
        {
            text.AppendLine();
            text.AppendLine(key.Describe());
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>Each contradiction as text, as a picture, and with its whole history.</summary>
    public void WriteTo(string folder)
    {
        foreach (var key in Keys.Where(key => key.Verdict != HistoryVerdict.Holds))
        {
            var path = Path.Combine(folder, key.Key.Name);
            File.WriteAllLines($"{path}.jsonl", key.History.Select(one => JsonSerializer.Serialize(one, Web)));
            if (key.Part is { } part)
            {
                File.WriteAllText($"{path}.txt", key.Describe());
                File.WriteAllText($"{path}.svg", HistoryPicture.Draw(part.Operations, $"{Options.Subject}, seed {Options.Seed}, {key.Key.Name}"));
            }
        }
    }

    private static string[] Row(string what, IReadOnlyList<JudgedKey> keys) =>
    [
        $"{keys.Count}",
        what,
        $"{keys.Sum(key => key.Key.Judged)}",
        .. Outcomes.Select(outcome => $"{keys.Sum(key => key.Count(outcome))}"),
        $"{keys.Sum(key => key.Hidden)}",
        $"{keys.Count(key => key.Verdict == HistoryVerdict.Undecided)}",
        $"{keys.Count(key => key.Verdict == HistoryVerdict.Contradicts)}",
    ];
}

/// <summary>A key with its history, its verdict, and the part that contradicts if there is one.</summary>
internal sealed record JudgedKey(HistoryKey Key, IReadOnlyList<Operation> History, HistoryVerdict Verdict, Contradiction? Part)
{
    public static JudgedKey Of(HistoryKey key)
    {
        var history = key.History;
        if (VersionOrder.FindFall(history) is { } fall)
        {
            return new JudgedKey(key, history, HistoryVerdict.Contradicts, fall);
        }

        var verdict = HistoryChecker.Check(history);
        return new JudgedKey(key, history, verdict, verdict == HistoryVerdict.Contradicts ? Contradiction.Find(history) : null);
    }

    /// <summary>How many writes were refused and seen all the same.</summary>
    public int Hidden
    {
        get
        {
            var seen = History.Where(one => one.Outcome == OperationOutcome.Done).Select(RequiredOperation.SeenBy).ToHashSet();
            return History.Count(one => one is { Outcome: OperationOutcome.Refused, IsWrite: true } && seen.Contains(one.Value));
        }
    }

    public int Count(OperationOutcome outcome) => History.Count(one => one.Outcome == outcome);

    public string Describe() =>
        $"{Key.Name}: {Part!.Operations.Count} of {History.Count} operations contradict; {Part.Unclear} other writes may have happened and explain nothing.\n\n"
        + Timeline.Write(Part.Operations);
}
