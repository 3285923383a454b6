namespace KadOrleans.Lab;

/// <summary>Draws mutants by seed, and runs the tests of their areas against one after the other.</summary>
internal sealed class MutantRun(IReadOnlyList<MutationArea> areas, int count, int seed, ProgressLog log)
{
    // A mutant may loop for ever. Machines are busy at times.
    private const int SlowerAtMost = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _built = Repository.OutputOf(MutationArea.TestProject);

    // In the repository, as tests look for its root above them.
    private readonly string _copy = Repository.Path($"{MutationArea.TestProject}/bin/Mutants/net10.0");

    /// <exception cref="CommandException">The tests are not built, or those of an area fail without a mutant.</exception>
    public async Task<MutantReport> RunAsync(CancellationToken cancellationToken)
    {
        CopyBuilt();
        try
        {
            var judged = new List<JudgedMutant>();
            foreach (var (number, area) in areas.Index())
            {
                var share = (count * (number + 1) / areas.Count) - (count * number / areas.Count);
                judged.AddRange(await RunAsync(area, share, cancellationToken));
            }

            return new MutantReport(seed, judged);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(_copy)!, recursive: true);
        }
    }

    private async Task<IReadOnlyList<JudgedMutant>> RunAsync(MutationArea area, int share, CancellationToken cancellationToken)
    {
        var assembly = new MutableAssembly(Path.Combine(_built, $"{area.Assembly}.dll"));
        var target = Path.Combine(_copy, $"{area.Assembly}.dll");
        var all = assembly.FindMutants(area.Sources).ToArray();
        new Random(seed).Shuffle(all);
        string[] tests = [.. area.TestClasses().SelectMany(name => (string[])["-class", name])];
        var begin = Stopwatch.GetTimestamp();
        if (await TestAsync(tests, TimeSpan.FromMinutes(10), cancellationToken) != MutantEnd.Survived)
        {
            throw CommandException.WrongUsage($"The tests of {area.Name.ToLowerInvariant()} fail without a mutant: there is nothing to compare with.");
        }

        var limit = (SlowerAtMost * Stopwatch.GetElapsedTime(begin)) + Patience;
        log.Tell($"{area.Name}: {all.Length} mutants, of which {Math.Min(share, all.Length)} are tried; the tests take {Stopwatch.GetElapsedTime(begin).TotalSeconds:F1} s");
        var judged = new List<JudgedMutant>();
        foreach (var mutant in all.Take(share))
        {
            assembly.Write(mutant, target);
            judged.Add(new JudgedMutant(area.Name, mutant, await TestAsync(tests, limit, cancellationToken)));
            if (judged[^1].End == MutantEnd.Survived)
            {
                log.Tell($"{area.Name}, {judged.Count} of {share}: survived: {mutant}");
            }
        }

        File.Copy(Path.Combine(_built, $"{area.Assembly}.dll"), target, overwrite: true);
        return judged;
    }

    private async Task<MutantEnd> TestAsync(string[] chosen, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        using var tests = Process.Start(new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(_copy, $"{Path.GetFileName(MutationArea.TestProject)}.dll"), "-noLogo", "-noColor", "-stopOnFail", "-trait-", "Tier=Long", "-preEnumerateTheories",
                .. chosen,
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = Task.WhenAll(tests.StandardOutput.ReadToEndAsync(CancellationToken.None), tests.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await tests.WaitForExitAsync(timeout.Token);
            await output;
            return tests.ExitCode == 0 ? MutantEnd.Survived : MutantEnd.Killed;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return MutantEnd.RanOn;
        }
        finally
        {
            tests.Kill(entireProcessTree: true);
        }
    }

    private void CopyBuilt()
    {
        if (!Directory.Exists(_built))
        {
            throw CommandException.WrongUsage($"{MutationArea.TestProject} is not built: run 'dotnet build {MutationArea.TestProject}' first.");
        }

        foreach (var file in Directory.EnumerateFiles(_built, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(_copy, Path.GetRelativePath(_built, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }
}

/// <summary>A mutant and what came of it.</summary>
internal sealed record JudgedMutant(string Area, Mutant Mutant, MutantEnd End);

/// <summary>What came of a mutant.</summary>
internal enum MutantEnd
{
    /// <summary>No test failed.</summary>
    Survived,

    /// <summary>A test failed.</summary>
    Killed,

    /// <summary>The tests did not end.</summary>
    RanOn,
}
