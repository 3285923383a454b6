namespace KadOrleans.Cli;

/// <summary><c>--via</c>: the nodes that a command joins the network through, or those that the environment names.</summary>
internal sealed class ViaOption : Option<string[]>
{
    /// <summary>Has the nodes for commands without the option, with spaces or commas between them.</summary>
    public const string Variable = "KAD_VIA";

    private static readonly char[] Separators = [' ', ',', '\t', '\n', '\r'];

    public ViaOption(string needed = "")
        : base("--via")
    {
        Description = $"A node of the network. Repeatable: one that answers is enough.{needed} [default: {Variable} of the environment]";
        HelpName = "HOST:PORT";
        Arity = ArgumentArity.OneOrMore;
    }

    /// <summary>The nodes given; empty if there are none.</summary>
    public NamedNodes Find(ParseResult parsed) => parsed.GetValue(this) is { Length: > 0 } given
        ? new NamedNodes(Name, given)
        : new NamedNodes(Variable, Environment.GetEnvironmentVariable(Variable)?.Split(Separators, StringSplitOptions.RemoveEmptyEntries) ?? []);

    /// <summary>The nodes given, one or more; else that is wrong usage.</summary>
    public NamedNodes Read(ParseResult parsed) => Find(parsed) is { Nodes.Count: > 0 } found
        ? found
        : throw CommandException.WrongUsage($"No node is given; {Name} HOST:PORT, or {Variable} of the environment, is needed.");
}

/// <summary>Nodes as they were typed, and what they were given by: the option or the variable, which a sentence about them names.</summary>
internal sealed record NamedNodes(string Name, IReadOnlyList<string> Nodes);
