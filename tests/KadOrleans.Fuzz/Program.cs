using KadOrleans.Fuzz;
using KadOrleans.Fuzz.Engine;

if (!FuzzOptions.TryParse(args, out var options, out var complaint))
{
    await Console.Error.WriteLineAsync(complaint);
    return 2;
}

return new FuzzRunner(options, Corpus.Load(), [new WireTarget(), new EngineTarget()], Console.Out).Run();
