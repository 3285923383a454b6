using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Cli;

/// <summary><c>kad item</c>: values that their owners alone replace (docs/signed.md). What is signed is signed here; the key goes nowhere.</summary>
internal static class ItemCommand
{
    public static Command Create(CommandIo io) =>
        new ExampleCommand("item", "Make keys, and put, get and end values that only the owner of a key can replace (BEP 44).")
        {
            Examples =
            [
                "kad item keygen owner.pem",
                "kad item put 'at 10.0.0.7:443' --key owner.pem --salt shop --via 127.0.0.1:8468",
                "kad item get --key owner.pem --salt shop --via 127.0.0.1:8468",
            ],
            Notes = "Others read an item by its owner's public key, which 'kad item public' prints.",
        }.With(CreateKeygen(io), CreatePublic(io), CreatePut(io), CreateGet(io), CreateEnd(io), CreateSign(io));

    private static ExampleCommand CreateKeygen(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "A new file for the private key, which nobody else may read." };
        return new ExampleCommand("keygen", "Make a key, write it into a new file, and print its public key.")
        {
            Examples = ["kad item keygen new.pem", "kad item keygen new.pem --json"],
            Notes = "The file is PEM (PKCS #8). Whoever has it is the owner, and nobody can make it again: keep a copy.",
        }.With(file).Runs((parsed, json, _) =>
        {
            using var pair = Ed25519KeyPair.Generate();
            var path = parsed.GetValue(file)!;
            ItemKeyFile.WriteNew("FILE", path, pair);
            return Task.FromResult(PrintPublic(new ResultPrinter(io, json), path, pair));
        });
    }

    private static ExampleCommand CreatePublic(CommandIo io)
    {
        var file = new Argument<string>("FILE") { Description = "The file with the private key." };
        return new ExampleCommand("public", "Print the public key of a key's file.")
        {
            Examples = ["kad item public owner.pem", "kad item get $(kad item public owner.pem) --via 127.0.0.1:8468"],
        }.With(file).Runs(async (parsed, json, cancellationToken) =>
        {
            using var pair = await ItemKeyFile.ReadAsync("FILE", parsed.GetValue(file)!, cancellationToken);
            return PrintPublic(new ResultPrinter(io, json), parsed.GetValue(file)!, pair);
        });
    }

    private static int PrintPublic(ResultPrinter printer, string path, Ed25519KeyPair pair)
    {
        var publicKey = Convert.ToHexStringLower(pair.PublicKey.Span);
        return printer.Print(new JsonObject { ["publicKey"] = publicKey, ["file"] = path }, publicKey);
    }

    private static ExampleCommand CreatePut(CommandIo io)
    {
        var (value, put) = (new ItemValueArguments(), new ItemPutOptions("item"));
        var immutable = new Option<bool>("--immutable") { Description = "Put an item without an owner, whose key is the hash of its value. It needs no --key." };
        return new ExampleCommand("put", "Sign a value and store it on the nodes nearest to its key.")
        {
            Examples =
            [
                "kad item put hello --key owner.pem --via 127.0.0.1:8468",
                "kad item put --file zone.bin --type bytes --key owner.pem --salt zone --life 7200 --via 127.0.0.1:8468",
                "kad item put hello --immutable --via 127.0.0.1:8468",
            ],
            Notes = "This command does not publish the item again: put it each day, or have a node or cluster publish it (PUT /v1/items) or keep it ('kad admin keep').",
        }.With([.. value.All, immutable, .. put.All]).Runs(async (parsed, json, cancellationToken) =>
        {
            var content = await value.ReadAsync(parsed, io, cancellationToken);
            if (!parsed.GetValue(immutable))
            {
                return await put.RunAsync(parsed, io, json, (owner, salt, seq, token) => owner.SignAsync(salt, seq, content, token), cancellationToken);
            }

            put.CheckUnsigned(parsed, immutable.Name);
            return Item.TryCreateImmutable(content, out var item, out var error)
                ? await put.StoreAsync(parsed, io, json, item, cancellationToken)
                : throw CommandException.WrongUsage(error.ToString());
        });
    }

    private static ExampleCommand CreateEnd(CommandIo io)
    {
        var put = new ItemPutOptions("end");
        return new ExampleCommand("end", "End a value: store an item without bytes in its place, which counts as long as it is kept.")
        {
            Examples = ["kad item end --key owner.pem --via 127.0.0.1:8468", "kad item end --key owner.pem --salt shop --via 127.0.0.1:8468 --json"],
        }.With(put.All).Runs((parsed, json, cancellationToken) =>
            put.RunAsync(parsed, io, json, (owner, salt, seq, token) => owner.SignEndAsync(salt, seq, token), cancellationToken));
    }

    private static ExampleCommand CreateSign(CommandIo io)
    {
        var (value, key, salt) = (new ItemValueArguments(), ItemKeyFile.Option("The file with the owner's key, as 'kad item keygen' writes it."), new SaltOptions());
        var seq = CommonOptions.Text(ItemPutOptions.SeqName, "N", "Its sequence number, which must be higher than that of the item that it replaces.");
        var end = new Option<bool>("--end") { Description = "Sign the end of the owner's value in place of VALUE." };
        return new ExampleCommand("sign", "Sign a value without a network, and print the item as JSON, as PUT /v1/items takes it.")
        {
            Examples =
            [
                "kad item sign hello --key owner.pem --seq 1",
                "kad item sign --end --key owner.pem --salt shop --seq 8 > end.json",
            ],
            Notes = "Nobody is asked which number the owner has signed last: 'kad item get' tells it.",
        }.With([.. value.All, key, .. salt.All, seq, end]).Runs(async (parsed, _, cancellationToken) =>
        {
            var (path, number, ends) = (ItemKeyFile.Require(parsed.GetValue(key)), ItemTexts.ParseSeq(seq.Name, parsed.GetValue(seq)), parsed.GetValue(end));
            if (number is not { } chosen)
            {
                throw CommandException.WrongUsage($"No sequence number is given; {seq.Name} N is needed, 0 to {long.MaxValue}.");
            }

            if (ends && value.IsGiven(parsed))
            {
                throw CommandException.WrongUsage($"Both a value and {end.Name} are given; one of them is needed.");
            }

            var (bytes, content) = (salt.Read(parsed), ends ? default : await value.ReadAsync(parsed, io, cancellationToken));
            using var pair = await ItemKeyFile.ReadAsync(key.Name, path, cancellationToken);
            var owner = pair.ToSigner();
            var item = ends
                ? await owner.SignEndAsync(bytes, chosen, cancellationToken)
                : await owner.SignAsync(bytes, chosen, content, cancellationToken);
            new ResultPrinter(io, json: true).Json(ResultJson.Of(ItemResult.Of(item, item.Key)));
            return ExitCode.Done;
        });
    }

    private static ExampleCommand CreateGet(CommandIo io)
    {
        var owner = new Argument<string?>("OWNER")
        {
            Description = "The owner's public key in 64 hexadecimal digits, or the key of any item in 40.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var (key, salt, raw, via) = (
            ItemKeyFile.Option("The file with the owner's key, in place of OWNER."), new SaltOptions(), CommonOptions.Raw(), new ViaOption());
        return new ExampleCommand("get", "Find an owner's newest item, and verify it.")
        {
            Examples =
            [
                "kad item get --key owner.pem --salt shop --via 127.0.0.1:8468",
                "kad item get 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29 --via [::1]:8468 --json",
            ],
            Notes = $"{ResultPrinter.ValueNotes} All of the nearest nodes are asked, and what its owner did not sign counts as no answer.",
        }.With([owner, key, .. salt.All, raw, via]).Runs(async (parsed, json, cancellationToken) =>
        {
            var wanted = await KeyOfAsync(parsed.GetValue(owner), parsed.GetValue(key), salt, parsed, cancellationToken);
            var result = await new NetworkSession(io, json).RunAsync(
                via.Read(parsed), "Looking for the item…", engine => engine.GetAsync(wanted, asksAll: true, cancellationToken), cancellationToken);
            return PrintFound(new ResultPrinter(io, json), io, wanted, result, parsed.GetValue(raw), json);
        });
    }

    private static async Task<NodeId> KeyOfAsync(
        string? owner, string? file, SaltOptions salt, ParseResult parsed, CancellationToken cancellationToken)
    {
        switch (owner, file)
        {
            case ({ } given, null):
                return salt.ReadKey(given, parsed);
            case (null, { } path):
                using (var pair = await ItemKeyFile.ReadAsync(ItemKeyFile.OptionName, path, cancellationToken))
                {
                    return Item.KeyOf(pair.PublicKey.Span, salt.Read(parsed).Span);
                }

            case (null, null):
                throw CommandException.WrongUsage($"No owner is given; OWNER or {ItemKeyFile.OptionName} FILE is needed.");
            default:
                throw CommandException.WrongUsage($"Both OWNER '{owner}' and {ItemKeyFile.OptionName} '{file}' are given; one of them is needed.");
        }
    }

    private static int PrintFound(ResultPrinter printer, CommandIo io, NodeId key, GetResult result, bool raw, bool json)
    {
        var lookup = LookupSummary.Of(result.Lookup);
        if (CheckedItem.OfChecked(key, result.Value) is not { Item: var item })
        {
            var miss = result.Found ? " The value at its key is no item." : string.Empty;
            return printer.Fail(
                LookupText.ExitCodeOf(result.Lookup),
                $"Not found: {key}{(result.Lookup is { } outcome ? LookupText.DescribeMiss(outcome, json) : ": no lookup was made.")}{miss}",
                ResultJson.Of(new { found = false, digest = $"{key}", lookup }));
        }

        var shown = ResultJson.Of(new FoundItem(true, ItemResult.Of(item, key), lookup));
        return item.IsEnd
            ? printer.Fail(ExitCode.Failed, string.Create(CultureInfo.InvariantCulture, $"Ended: its owner ended it with the number {item.Seq}."), shown)
            : printer.Print(shown, () =>
            {
                var (type, text) = TextOf(item);
                printer.Value(type, text, raw);
                if (io.IsErrorTerminal && item.IsMutable)
                {
                    io.Say(string.Create(CultureInfo.InvariantCulture, $"Number {item.Seq} of {Convert.ToHexStringLower(item.PublicKey.Span)}, whose signature holds."));
                }
            });
    }

    // Bytes that are no text, and what is no bytes, in hexadecimal; a number as such.
    private static (string Type, string Text) TextOf(Item item) =>
        item.TryGetBytes(out var content)
            ? System.Text.Unicode.Utf8.IsValid(content.Span)
                ? ("string", Encoding.UTF8.GetString(content.Span))
                : ("bytes", Convert.ToHexStringLower(content.Span))
            : new BencodeReader(item.Value.Span).TryReadNumber(out var number) && item.Value.Span[0] == Bencode.Integer
            ? ("int", Encoding.ASCII.GetString(number))
            : ("bytes", Convert.ToHexStringLower(item.Value.Span));
}
