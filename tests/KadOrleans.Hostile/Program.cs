using KadOrleans.Hostile.Sockets;
using KadOrleans.Hostile.Tables;

switch (args)
{
    case ["tables", .. var options]:
        return await HostileTables.RunAsync(options, Console.Out, Console.Error);

    case ["attack", var attack, .. var options] when Sandbox.WhyNot() is null:
        Console.WriteLine(await SocketAttacks.RunAsync(attack, options));
        return 0;

    case ["attack", _, ..]:
        Console.Error.WriteLine(Sandbox.WhyNot());
        return 1;

    case [SocketAttacks.Verb, var attack, .. var options]:
        await SocketAttacks.RunInsideAsync(attack, options, Console.Out);
        return 0;

    default:
        Console.Error.WriteLine($"tables {HostileTables.Usage}");
        Console.Error.WriteLine("attack flood|amplification|fill [--NAME VALUE]...");
        return 2;
}
