namespace KadOrleans.Cli;

internal static class TokenCommand
{
    private const string FileOption = "--file";
    private const string OutputOption = "--output";

    public static Command Create(CommandIo io) =>
        new ExampleCommand("token", "Make, list and remove tokens for programs and people that call a node or a cluster over HTTP.")
        {
            Examples = ["kad token add operator --file tokens.json --scope view --scope manage", "kad token list --file tokens.json"],
            Notes = "A server reads the file again each 5 s, and needs no restart. docs/manage.md has how to change a token, on Kubernetes too.",
        }.With(CreateAdd(io), CreateList(io), CreateRemove(io));

    private static ExampleCommand CreateAdd(CommandIo io)
    {
        var name = Name("Who gets the token");
        var file = FileOf("The file of tokens, for kad node --http-tokens or Kad:Http:Tokens; made if it is missing.");
        var scope = new Option<string[]>("--scope")
        {
            Description = $"What it allows: {string.Join(", ", ApiScope.All)}. Repeatable. [default: {ApiScope.Read}]",
            HelpName = "SCOPE",
        };
        var rate = new NumberOption("--rate", "The most requests a second", 1, ApiToken.MaxRate, ApiToken.DefaultRate);
        var output = new Option<string?>(OutputOption)
        {
            Description = "A new file for the token, which nobody else may read, for --token-file. [default: it is printed]",
            HelpName = "FILE",
        };
        return new ExampleCommand("add", "Make a token, add its hash to the file, and print the token, or write it to a new file with --output.")
        {
            Examples =
            [
                "kad token add shop --file tokens.json",
                "kad token add importer --file tokens.json --scope read --scope write --rate 5000",
                "kad token add operator --file tokens.json --scope view --scope manage --output operator.token",
            ],
            Notes = "The token is given once; the file has only its hash.",
        }.With(name, file, scope, rate, output).Runs((parsed, json, _) => Task.FromResult(Add(
            new ResultPrinter(io, json),
            parsed.GetValue(file)!,
            parsed.GetValue(name)!,
            parsed.GetValue(scope) is { Length: > 0 } scopes ? scopes : [ApiScope.Read],
            rate.Read(parsed),
            parsed.GetValue(output))));
    }

    private static ExampleCommand CreateList(CommandIo io)
    {
        var file = FileOf("The file of tokens.");
        return new ExampleCommand("list", "List the tokens of a file: names, scopes and rates.")
        {
            Examples = ["kad token list --file tokens.json", "kad token list --file tokens.json --json"],
            Notes = "The tokens themselves are nowhere: the file has their hashes.",
        }.With(file).Runs((parsed, json, _) => Task.FromResult(List(new ResultPrinter(io, json), parsed.GetValue(file)!)));
    }

    private static ExampleCommand CreateRemove(CommandIo io)
    {
        var name = Name("Whose token ends");
        var file = FileOf("The file of tokens.");
        return new ExampleCommand("remove", "Remove a token from the file: servers refuse it, and end its sessions in browsers.")
        {
            Examples = ["kad token remove shop --file tokens.json", "kad token remove shop --file /etc/kad/tokens.json --json"],
            Notes = "A file has one token at least: add the next one before the last is removed.",
        }.With(name, file).Runs((parsed, json, _) => Task.FromResult(Remove(
            new ResultPrinter(io, json), parsed.GetValue(file)!, parsed.GetValue(name)!)));
    }

    private static int Add(ResultPrinter printer, string path, string name, string[] scopes, int rate, string? output)
    {
        var (secret, token) = ApiToken.Create(name, [.. scopes.Distinct()], rate);
        if (output is null)
        {
            Change(() => TokenFileWriter.Add(FileOption, path, token, makes: true));
            return printer.Print(new JsonObject { ["name"] = name, ["token"] = secret, ["file"] = path }, secret);
        }

        TokenOutput.Add(FileOption, path, token, OutputOption, output, secret);
        return printer.Print(
            new JsonObject { ["name"] = name, ["tokenFile"] = output, ["file"] = path }, $"The token of '{VisibleText.Excerpt(name)}' is in {output}.");
    }

    private static int List(ResultPrinter printer, string path)
    {
        var tokens = ApiTokens.Read(FileOption, path);
        return printer.Print(
            new JsonObject
            {
                ["file"] = path,
                ["tokens"] = new JsonArray([.. tokens.Select(token => new JsonObject
                {
                    ["name"] = token.Name,
                    ["scopes"] = new JsonArray([.. token.Scopes.Select(scope => JsonValue.Create(scope))]),
                    ["requestsPerSecond"] = token.RequestsPerSecond,
                })]),
            },
            () => printer.Table(
                ["name", "scopes", "requests a second"],
                [.. tokens.Select(token => (string[])[token.Name, string.Join(", ", token.Scopes), $"{token.RequestsPerSecond}"])]));
    }

    private static int Remove(ResultPrinter printer, string path, string name)
    {
        IReadOnlyList<ApiToken> left = [];
        Change(() => left = TokenFileWriter.Remove(FileOption, path, name));
        return printer.Print(
            new JsonObject { ["name"] = name, ["removed"] = true, ["file"] = path, ["left"] = left.Count },
            $"Removed; tokens left: {left.Count}.");
    }

    private static void Change(Action change)
    {
        try
        {
            change();
        }
        catch (TokenFileException e)
        {
            throw e.IsPartial ? new CommandException(ExitCode.Failed, e.Message, e) : CommandException.WrongUsage(e.Message, e);
        }
    }

    private static Argument<string> Name(string what) => new("NAME") { Description = $"{what}: 1 to {ApiToken.MaxName} characters." };

    private static Option<string> FileOf(string description) => new(FileOption) { Description = description, HelpName = "FILE", Required = true };
}
