namespace KadOrleans.Tests.Lab;

public sealed class FuzzCorpusTests
{
    private const long MostBytes = 300_000;

    public static TheoryData<string> Names => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_input_of_a_corpus_keeps_what_its_target_promises(string name)
    {
        var target = FuzzTarget.All.Single(target => target.Name == name);
        var inputs = target.Seeds().ToList();
        var accepted = 0;
        foreach (var (place, input) in inputs.Index())
        {
            var failure = Record.Exception(() => accepted += CoverageLoop.RunAlone(target, input) ? 1 : 0);
            Assert.True(failure is null, $"input {place}, {Convert.ToHexStringLower(input)}: {failure}");
        }

        // Else nothing behind the first check is reached, or nothing is refused.
        Assert.InRange(accepted, 1, inputs.Count - 1);
    }

    [Fact]
    public void Corpora_are_small()
    {
        string[] names = [.. Directory.EnumerateDirectories(Repository.Path("tests/corpora")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
        Assert.Equal(FuzzTarget.All.Select(target => target.Name).Where(name => name != "engine").Order(StringComparer.Ordinal), names);
        var files = names.SelectMany(Corpus.Load);
        Assert.InRange(files.Sum(file => (long)file.Input.Length), 1, MostBytes);
    }

    [Fact]
    public void A_failure_is_reported_with_what_repeats_it()
    {
        var output = new StringWriter();
        var target = new FuzzTarget("picky", () => [[1], [2, 3]], _ => new Picky());
        Assert.Equal(1, new FuzzRunner(new FuzzOptions(Seconds: 0, Seed: 5, Iteration: null), [target], output).Run());
        Assert.Contains("target picky, seed 5 corpus 1", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("input: 0203", output.ToString(), StringComparison.Ordinal);
    }

    private sealed class Picky : IFuzzTarget
    {
        public bool Run(ReadOnlySpan<byte> input)
        {
            InvariantException.Require(input.Length < 2, "the input is long");
            return true;
        }
    }
}
