namespace KadOrleans.Lab;

/// <summary>
/// What a session's inputs go to. It depends on its seed and the inputs alone. Whatever it throws is a failure: it catches what is documented.
/// </summary>
internal interface IFuzzTarget
{
    /// <summary>Feeds it one input and checks what must hold afterwards. Returns whether the input meant anything.</summary>
    bool Run(ReadOnlySpan<byte> input);

    /// <summary>Checks what must hold when no more comes.</summary>
    void End()
    {
    }
}

/// <summary>What is fuzzed under a name.</summary>
/// <param name="Name">Its name in commands, and that of the folder of its corpus; engine has that of wire.</param>
/// <param name="Seeds">Inputs that others are derived from.</param>
/// <param name="Begin">Begins a session. The choices of what has some of its own follow from the random sequence.</param>
internal sealed record FuzzTarget(string Name, Func<IEnumerable<byte[]>> Seeds, Func<FuzzRandom, IFuzzTarget> Begin)
{
    private FuzzTarget(string name, Func<IFuzzTarget> begin) : this(name, () => FilesOf(name), _ => begin())
    {
    }

    /// <summary>All of them: those of datagrams, then those of other bytes.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("wire", Datagrams, _ => new WireTarget()),
        new("engine", Datagrams, random => new NodeSession(random)) { HasChoices = true },
        new("items", () => new ItemTarget()),
        new("records", () => new RecordTarget()),
        new("http", () => new HttpTarget()),
        new("state", () => new StateFileTarget()),
        new("crawl", () => new CrawlFileTarget()),
    ];

    /// <summary>Whether what becomes of an input depends on the session, too.</summary>
    public bool HasChoices { get; init; }

    public static IEnumerable<byte[]> Datagrams() => WireVectors.AllDatagrams.Concat(FilesOf("wire"));

    private static IEnumerable<byte[]> FilesOf(string name) => Corpus.Load(name).Select(file => file.Input);
}

/// <summary>A target survived an input, but something that must always hold does not.</summary>
internal sealed class InvariantException(string message) : Exception(message)
{
    public static void Require(bool holds, string violation)
    {
        if (!holds)
        {
            throw new InvariantException(violation);
        }
    }
}
