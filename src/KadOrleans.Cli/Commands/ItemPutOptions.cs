using KadOrleans.Core.Items;

namespace KadOrleans.Cli;

/// <summary>The options of commands that sign an item, and how they store it.</summary>
internal sealed class ItemPutOptions
{
    public const string SeqName = "--seq";

    private const string ExpectedName = "--expected-seq";

    private readonly Option<string?> _key = ItemKeyFile.Option("The file with the owner's key, as 'kad item keygen' writes it.");
    private readonly SaltOptions _salt = new();
    private readonly Option<string?> _seq = CommonOptions.Text(
        SeqName, "N", "Its sequence number: the higher one counts. [default: one more than that of the newest item that is found]");

    private readonly Option<string?> _expected = CommonOptions.Text(
        ExpectedName, "N", "Store only if the newest item that is found has this number, or there is none.");

    private readonly Option<string?> _life;
    private readonly ViaOption _via = new();

    public ItemPutOptions(string what) => _life = CommonOptions.Text(
        "--life", "SECONDS", $"How long the {what} lives, 1 to {StoreRules.MaxLifeSeconds}; a week by default, and never less than what is there already.");

    public Symbol[] All => [_key, .. _salt.All, _seq, _expected, _life, _via];

    /// <summary>Refuses options of a signature for an item that has none.</summary>
    public void CheckUnsigned(ParseResult parsed, string name)
    {
        if (new[] { _key, _seq, _expected }.FirstOrDefault(option => parsed.GetValue(option) is not null) is { } option)
        {
            throw CommandException.WrongUsage($"Both {name} and {option.Name} are given; an immutable item has no owner, salt or number.");
        }

        if (_salt.IsGiven(parsed))
        {
            throw CommandException.WrongUsage($"Both {name} and a salt are given; an immutable item has no owner, salt or number.");
        }
    }

    /// <summary>Signs an item that is newer than all that is found, and stores it.</summary>
    public async Task<int> RunAsync(
        ParseResult parsed,
        CommandIo io,
        bool json,
        Func<ItemSigner, ReadOnlyMemory<byte>, long, CancellationToken, ValueTask<Item>> sign,
        CancellationToken cancellationToken)
    {
        var path = ItemKeyFile.Require(parsed.GetValue(_key));
        var (given, expected) = (ItemTexts.ParseSeq(SeqName, parsed.GetValue(_seq)), ItemTexts.ParseSeq(ExpectedName, parsed.GetValue(_expected)));
        var (salt, life, via) = (_salt.Read(parsed), ReadLife(parsed), _via.Read(parsed));
        using var pair = await ItemKeyFile.ReadAsync(ItemKeyFile.OptionName, path, cancellationToken);
        var owner = pair.ToSigner();
        var key = Item.KeyOf(owner.PublicKey.Span, salt.Span);
        var (item, result) = await new NetworkSession(io, json).RunAsync(
            via,
            "Storing the item…",
            async engine =>
            {
                var newest = CheckedItem.OfChecked(key, (await engine.GetAsync(key, asksAll: true, cancellationToken)).Value)?.Item;
                var signed = await sign(owner, salt, ChooseSeq(newest, given, expected), cancellationToken);
                CheckSame(newest, signed);
                return (signed, await StoreAsync(engine, signed, life, cancellationToken));
            },
            cancellationToken);
        return Print(new ResultPrinter(io, json), item, result);
    }

    /// <summary>Stores an item that is signed, or needs no signature.</summary>
    public async Task<int> StoreAsync(ParseResult parsed, CommandIo io, bool json, Item item, CancellationToken cancellationToken)
    {
        var life = ReadLife(parsed);
        var result = await new NetworkSession(io, json).RunAsync(
            _via.Read(parsed), "Storing the item…", engine => StoreAsync(engine, item, life, cancellationToken), cancellationToken);
        return Print(new ResultPrinter(io, json), item, result);
    }

    private static Task<SetResult> StoreAsync(DhtNode engine, Item item, TimeSpan? life, CancellationToken cancellationToken) =>
        SetCommand.StoreAsync(engine.SetAsync(item.Key, SignedItemExtensions.ValueOf(item), life, cancellationToken));

    private static long ChooseSeq(Item? newest, long? given, long? expected)
    {
        if (newest is not null && expected is { } wanted && newest.Seq != wanted)
        {
            throw CommandException.Failed(Say($"{ExpectedName} is {wanted}; the newest item that was found has the number {newest.Seq}."));
        }

        return given is { } seq && newest?.Seq > seq
            ? throw CommandException.Failed(Say($"{SeqName} is {seq}; the owner has signed the number {newest.Seq} already, and only a higher one replaces it."))
            : given ?? (newest is null ? 1 : newest.Seq < long.MaxValue ? newest.Seq + 1
                : throw CommandException.Failed(Say($"The owner has signed the number {newest.Seq}, the highest there is: nothing replaces it; another salt has another item.")));
    }

    // Nodes keep the first of two values with one number.
    private static void CheckSame(Item? newest, Item signed)
    {
        if (newest?.Seq == signed.Seq && !newest.Value.Span.SequenceEqual(signed.Value.Span))
        {
            throw CommandException.Failed(Say($"{SeqName} is {signed.Seq}, with which the owner has signed another value; a higher one is needed."));
        }
    }

    private static int Print(ResultPrinter printer, Item item, SetResult result)
    {
        var json = ResultJson.Of(new { Item = ItemResult.Of(item, item.Key), result.Stored, result.Refused, result.Failed, Lookup = LookupSummary.Of(result.Lookup) });
        var what = item.IsMutable
            ? Say($"{item.Key} as number {item.Seq}{(item.Seq == long.MaxValue ? ", the highest there is, so nothing replaces it" : string.Empty)}")
            : item.Key.ToString();
        return SetCommand.Print(printer, what, "item", " A contact does not say why: it may have a newer item of this owner, or no room.", json, result);
    }

    private TimeSpan? ReadLife(ParseResult parsed) => parsed.GetValue(_life) is { } seconds
        ? Numbers.ParseSeconds(_life.Name, seconds, 1, StoreRules.MaxLifeSeconds)
        : null;

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
}
