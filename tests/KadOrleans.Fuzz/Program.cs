using KadOrleans.Fuzz;

if (!FuzzOptions.TryParse(args, out var options, out var complaint))
{
    await Console.Error.WriteLineAsync(complaint);
    return 2;
}

if (options.Datagrams is { } datagrams)
{
    return new SoakRun(options.Seed, Corpus.Load(), Console.Out).Run(datagrams);
}

return new FuzzRunner(options, Corpus.Load(), [new WireTarget(), new EngineTarget()], Console.Out).Run();
