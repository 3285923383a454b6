using KadOrleans.Hostile;

// SocketAttacks starts this program in a sandbox.
if (args is not [SocketAttacks.Verb, var attack, var options])
{
    Console.Error.WriteLine("The tables are those of KadOrleans.Benchmarks: hostile.");
    return 2;
}

await SocketAttacks.RunInsideAsync(attack, options, Console.Out);
return 0;
