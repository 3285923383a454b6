using KadOrleans.Edge.Hosting;
using KadOrleans.Edge.Transfer;

if (Usage.IsAskedFor(args))
{
    await Console.Out.WriteLineAsync(Usage.Text);
    return 0;
}

return TransferArguments.AreMeant(args)
    ? await TransferProgram.RunAsync(args, TransferIo.FromConsole())
    : await EdgeProgram.RunAsync(args, Console.Out, Console.Error);
