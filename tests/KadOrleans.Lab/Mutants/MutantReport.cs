namespace KadOrleans.Lab;

/// <summary>What came of the mutants of a run.</summary>
internal sealed record MutantReport(int Seed, IReadOnlyList<JudgedMutant> Judged)
{
    public string ToText()
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        MarkdownTable.Write(
            output,
            ["area", "mutants", "killed", "did not end", "survived"],
            Judged.GroupBy(one => one.Area).Select(area => (string[])[area.Key, $"{area.Count()}", .. Counts(area)]).Append(["all", $"{Judged.Count}", .. Counts(Judged)]));
        foreach (var one in Survivors())
        {
            output.WriteLine();
            output.WriteLine(one.Mutant);
            output.WriteLine($"    {SourceOf(one.Mutant)}");
        }

        return output.ToString().TrimEnd();
    }

    public string ToJson() => new JsonObject
    {
        ["seed"] = Seed,
        ["mutants"] = Judged.Count,
        ["survivors"] = new JsonArray(
        [
            .. Survivors().Select(one => new JsonObject
            {
                ["file"] = one.Mutant.File,
                ["line"] = one.Mutant.Line,
                ["change"] = one.Mutant.Mutation.Name,
                ["source"] = SourceOf(one.Mutant),
            }),
        ]),
    }.ToJsonString();

    private IEnumerable<JudgedMutant> Survivors() => Judged.Where(one => one.End == MutantEnd.Survived);

    private static IEnumerable<string> Counts(IEnumerable<JudgedMutant> judged) =>
        ((MutantEnd[])[MutantEnd.Killed, MutantEnd.RanOn, MutantEnd.Survived]).Select(end => $"{judged.Count(one => one.End == end)}");

    private static string SourceOf(Mutant mutant) => File.ReadLines(Repository.Path(mutant.File)).ElementAt(mutant.Line - 1).Trim();
}
