using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Tests.Cli;

public sealed class ItemCommandTests(RunningNode node) : FolderTests, IClassFixture<RunningNode>
{
    private const string Owner = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private string KeyPath => Path.Combine(Folder, "owner.pem");

    [Fact]
    public async Task An_owner_puts_replaces_and_ends_a_value_that_others_read_by_his_public_key()
    {
        var publicKey = await MakeKeyAsync();
        await PutAsync("one", "--salt", "shop");
        Assert.Equal("one", (await ItemAsync("get", publicKey, "--salt", "shop")).Output);
        var second = (await PutAsync("two", "--salt-hex", "73686f70", "--json")).Json;
        Assert.Equal((2, 1), ((int)second["item"]!["seq"]!, (int)second["stored"]!));
        Assert.Equal("two", (await ItemAsync("get", "--key", KeyPath, "--salt", "shop")).Output);

        await ItemAsync("end", "--key", KeyPath, "--salt", "shop");
        var ended = await FailAsync(ExitCode.Failed, "Ended: its owner ended it with the number 3.", "item", "get", publicKey, "--salt", "shop", "--json");
        Assert.Equal((true, true, 3), ((bool)ended.Json["found"]!, (bool)ended.Json["item"]!["isEnd"]!, (int)ended.Json["item"]!["seq"]!));

        await PutAsync("again", "--salt", "shop");
        Assert.Equal("again", (await ItemAsync("get", publicKey, "--salt", "shop")).Output);
    }

    [Theory]
    [InlineData("string", "hello wörld", "hello wörld")]
    [InlineData("int", "-42", "-42\n")]
    [InlineData("bytes", "00FF10", "00ff10\n")]
    [InlineData("bencode", "6c69316569326565", "6c69316569326565\n")]
    public async Task A_value_comes_back_as_what_it_was(string type, string value, string expected)
    {
        await MakeKeyAsync();
        await ItemAsync("put", "--type", type, "--key", KeyPath, "--salt", type, "--", value);

        Assert.Equal(expected, (await ItemAsync("get", "--key", KeyPath, "--salt", type)).Output);
    }

    [Fact]
    public async Task A_value_of_a_file_and_one_without_an_owner()
    {
        var path = Path.Combine(Folder, "value");
        await File.WriteAllBytesAsync(path, [0, 255], TestContext.Current.CancellationToken);
        await MakeKeyAsync();
        await ItemAsync("put", "--file", path, "--type", "bytes", "--key", KeyPath);
        Assert.Equal([0, 255], (await ItemAsync("get", "--key", KeyPath, "--raw")).OutputBytes);

        var json = (await ItemAsync("put", "hello", "--immutable", "--json")).Json;
        Assert.Equal(NodeId.FromKey("5:hello").ToString(), (string?)json["item"]!["digest"]);
        Assert.Equal("hello", (await ItemAsync("get", (string)json["item"]!["digest"]!)).Output);
    }

    [Fact]
    public async Task A_number_that_goes_back_and_one_that_is_not_expected_get_a_sentence()
    {
        await MakeKeyAsync();
        await PutAsync("two", "--seq", "2", "--expected-seq", "0");

        await FailAsync(
            ExitCode.Failed, "--seq is 1; the owner has signed the number 2 already, and only a higher one replaces it.", "item", "put", "one", "--key", KeyPath, "--seq", "1");
        await FailAsync(
            ExitCode.Failed, "--seq is 2, with which the owner has signed another value; a higher one is needed.", "item", "put", "other", "--key", KeyPath, "--seq", "2");
        await FailAsync(
            ExitCode.Failed, "--expected-seq is 1; the newest item that was found has the number 2.", "item", "put", "three", "--key", KeyPath, "--expected-seq", "1");
        await PutAsync("two", "--seq", "2");
        var last = await PutAsync("last", "--seq", $"{long.MaxValue}");
        Assert.Contains("as number 9223372036854775807, the highest there is, so nothing replaces it: ", last.Output, StringComparison.Ordinal);
        await FailAsync(
            ExitCode.Failed,
            "The owner has signed the number 9223372036854775807, the highest there is: nothing replaces it; another salt has another item.",
            "item", "put", "more", "--key", KeyPath);
    }

    [Fact]
    public async Task A_stranger_replaces_nothing_and_what_is_no_item_is_not_found()
    {
        var publicKey = await MakeKeyAsync();
        await PutAsync("own");
        var key = Item.KeyOf(Convert.FromHexString(publicKey), []);
        var run = await KadRun.RunAsync("set", "--digest", $"{key}", "stranger", "--via", node.Address);
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal("own", (await ItemAsync("get", publicKey)).Output);

        await node.DoneAsync("set", "no item", "value");
        var miss = await KadRun.RunAsync("item", "get", $"{NodeId.FromKey("no item")}", "--via", node.Address);
        Assert.Equal(ExitCode.Failed, miss.ExitCode);
        Assert.EndsWith("The value at its key is no item.", miss.Error.Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_has_a_file_of_its_own_that_others_cannot_read()
    {
        var publicKey = await MakeKeyAsync();
        Assert.Equal(publicKey, (await KadRun.DoneAsync("item", "public", KeyPath)).Output.Trim());
        await KadRun.FailAsync(
            ExitCode.WrongUsage, $"FILE: '{KeyPath}' exists; a new file is needed, as who loses his key cannot change what he signed with it.", "item", "keygen", KeyPath);
        Assert.Equal(publicKey, (await KadRun.DoneAsync("item", "public", KeyPath)).Output.Trim());
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(Private, File.GetUnixFileMode(KeyPath));
        foreach (var (more, mode) in new[] { (UnixFileMode.GroupRead, "640"), (UnixFileMode.OtherRead, "604"), (UnixFileMode.OtherWrite, "602") })
        {
            File.SetUnixFileMode(KeyPath, Private | more);
            await KadRun.FailAsync(
                ExitCode.WrongUsage,
                $"--key: others may read or write '{KeyPath}' (its mode is {mode}); run 'chmod 600 {KeyPath}', and make another key if anybody did.",
                "item", "put", "value", "--key", KeyPath, "--via", node.Address);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=\n-----END PUBLIC KEY-----\n")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIHGPvg13di5sqbRb6T/ohmlJSuCMt3bnh1u5m7FtVqjV\n-----END PRIVATE KEY-----\n")]
    public async Task A_file_without_such_a_key_gets_a_sentence(string content)
    {
        PrivateFile.WriteNew(KeyPath, file => file.Write(Encoding.ASCII.GetBytes(content)));

        await KadRun.FailAsync(
            ExitCode.WrongUsage,
            $"FILE: '{KeyPath}' has no Ed25519 private key in PEM (PKCS #8), as 'kad item keygen' makes one, or 'openssl genpkey -algorithm ed25519'.",
            "item", "public", KeyPath);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_with_another_block_beside_the_key_is_refused(bool isPrivate)
    {
        const string Other = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=\n-----END PUBLIC KEY-----\n";
        using var pair = Ed25519KeyPair.Generate();
        using var another = Ed25519KeyPair.Generate();
        var pem = pair.ExportPem() + (isPrivate ? another.ExportPem() : Other);
        PrivateFile.WriteNew(KeyPath, file => file.Write(Encoding.ASCII.GetBytes(pem)));

        await KadRun.FailAsync(
            ExitCode.WrongUsage, $"FILE: '{KeyPath}' has 2 blocks in PEM; one private key and nothing else is needed.", "item", "public", KeyPath);
        Assert.False(Ed25519KeyPair.TryFromPem(pem, out _));
        Assert.True(Ed25519KeyPair.TryFromPem("the owner of the shop\n" + pair.ExportPem(), out var alone));
        Assert.Equal(pair.PublicKey, alone.PublicKey);
        alone.Dispose();
    }

    [Theory]
    [InlineData("No key is given; --key FILE is needed, and 'kad item keygen FILE' makes one.", "put", "value")]
    [InlineData("No value is given; VALUE or --file PATH is needed.", "put")]
    [InlineData("VALUE is empty, which would end the item; 'kad item end' does that.", "put", "", "--key", "none")]
    [InlineData("FILE is ''; the path of a file is needed.", "keygen", "")]
    [InlineData("--key is ' '; the path of a file is needed.", "put", "value", "--key", " ")]
    [InlineData("--type is 'list'; string, int, bytes or bencode is allowed.", "put", "value", "--type", "list")]
    [InlineData("VALUE is 'xy'; hexadecimal digits, two for each byte, are needed.", "put", "xy", "--type", "bytes")]
    [InlineData("VALUE is '042'; an int is a whole number without zeros before it.", "put", "042", "--type", "int")]
    [InlineData("VALUE is '1e2'; an int is a whole number without zeros before it.", "put", "1e2", "--type", "int")]
    [InlineData("VALUE: The value is not one value in canonical bencode of at most 14 levels: byte 0 is wrong or missing.", "put", "ff", "--type", "bencode")]
    [InlineData("--seq is '-1'; a whole number is needed, 0 to 9223372036854775807.", "put", "value", "--key", "none", "--seq", "-1")]
    [InlineData("Both --immutable and --seq are given; an immutable item has no owner, salt or number.", "put", "value", "--immutable", "--seq", "1")]
    [InlineData("Both --immutable and a salt are given; an immutable item has no owner, salt or number.", "put", "value", "--immutable", "--salt", "s")]
    [InlineData("--salt is 'a' and --salt-hex '62'; they differ.", "get", Owner, "--salt", "a", "--salt-hex", "62")]
    [InlineData("--salt-hex is 'x'; hexadecimal digits, two for each byte, are needed.", "get", Owner, "--salt-hex", "x")]
    [InlineData("No owner is given; OWNER or --key FILE is needed.", "get")]
    [InlineData("OWNER is '00'; a public key in 64 hexadecimal digits, or a key in 40, is needed.", "get", "00")]
    [InlineData("OWNER is the key '356a192b7913b04c54574d18c28d46e6395428ab', which has a salt in it; --salt goes with a public key.", "get", "356a192b7913b04c54574d18c28d46e6395428ab", "--salt", "s")]
    public async Task Each_mistake_gets_a_sentence(string sentence, params string[] args) =>
        await KadRun.FailAsync(ExitCode.WrongUsage, sentence, [.. args.Prepend("item"), .. args[0] == "keygen" ? Array.Empty<string>() : ["--via", node.Address]]);

    [Fact]
    public async Task Too_long_a_value_and_salt_get_a_sentence()
    {
        await KadRun.FailAsync(
            ExitCode.WrongUsage, "VALUE: The value is 1001 bytes long in bencode; at most 1000 are allowed.", "item", "put", new string('v', 997), "--key", KeyPath, "--via", node.Address);
        await KadRun.FailAsync(
            ExitCode.WrongUsage, "--salt: The salt is 65 bytes long; at most 64 are allowed.", "item", "get", Owner, "--salt", new string('s', 65), "--via", node.Address);
    }

    private async Task<string> MakeKeyAsync() => (await KadRun.DoneAsync("item", "keygen", KeyPath)).Output.Trim();

    private Task<KadRun> PutAsync(string value, params string[] options) => ItemAsync("put", [value, "--key", KeyPath, .. options]);

    private Task<KadRun> ItemAsync(string command, params string[] args) => KadRun.DoneAsync(["item", command, "--via", node.Address, .. args]);

    private Task<KadRun> FailAsync(int exitCode, string sentence, params string[] args) => KadRun.FailAsync(exitCode, sentence, [.. args, "--via", node.Address]);
}
