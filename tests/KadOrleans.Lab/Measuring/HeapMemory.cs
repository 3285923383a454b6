namespace KadOrleans.Lab;

/// <summary>Prints what one part of the data takes of the heap: a contact, or a key of a shard.</summary>
internal static class HeapMemory
{
    /// <exception cref="CommandException">The arguments are wrong.</exception>
    public static void Print(CommandIo io, string[] args)
    {
        if (args is [])
        {
            ContactMemory.Print();
            return;
        }

        var each = (args is ["keys", .. var words] ? ShardMemory.TryMeasure(words) : null)
            ?? throw MeasureCommands.WrongUsage("memory", args, ShardMemory.Needed);
        io.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{each:0.0} bytes for each key"));
    }
}
