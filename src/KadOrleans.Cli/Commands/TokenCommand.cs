namespace KadOrleans.Cli;

internal static class TokenCommand
{
    private const string FileOption = "--file";

    public static Command Create(CommandIo io)
    {
        var name = new Argument<string>("NAME") { Description = $"Who gets the token: 1 to {ApiToken.MaxName} characters." };
        var file = new Option<string>(FileOption)
        {
            Description = "The file of tokens, for kad node --http-tokens or Kad:Http:Tokens; made if it is missing.",
            HelpName = "FILE",
            Required = true,
        };
        var scope = new Option<string[]>("--scope")
        {
            Description = $"What it allows: {string.Join(", ", ApiScope.All)}. Repeatable. [default: {ApiScope.Read}]",
            HelpName = "SCOPE",
        };
        var rate = new NumberOption("--rate", "The most requests a second", 1, ApiToken.MaxRate, ApiToken.DefaultRate);
        return new ExampleCommand("token", "Make a token for programs that call the HTTP API.")
        {
            Examples =
            [
                "kad token shop --file tokens.json",
                "kad token importer --file tokens.json --scope read --scope write --rate 5000",
            ],
            Notes = "The token is printed once; the file has only its hash. A server reads the file when it starts. To end a token, take it out of the file.",
        }.With(name, file, scope, rate).Runs((parsed, json, _) => Task.FromResult(Run(
            new ResultPrinter(io, json),
            parsed.GetValue(file)!,
            parsed.GetValue(name)!,
            parsed.GetValue(scope) is { Length: > 0 } scopes ? scopes : [ApiScope.Read],
            rate.Read(parsed))));
    }

    private static int Run(ResultPrinter printer, string path, string name, string[] scopes, int rate)
    {
        IReadOnlyList<ApiToken> held = File.Exists(path) ? ApiTokens.Read(FileOption, path) : [];
        var (secret, token) = ApiToken.Create(name, [.. scopes.Distinct()], rate);
        if (ApiTokens.FindProblem([.. held, token]) is { } problem)
        {
            throw CommandException.WrongUsage($"{FileOption} '{path}' is unchanged: {problem}.");
        }

        // Replaced as a whole: a server that starts meanwhile reads one or the other.
        var next = $"{path}.new";
        File.Delete(next);
        using (var writer = new StreamWriter(PrivateFile.CreateNew(next)))
        {
            writer.WriteLine(ApiTokens.Write([.. held, token]));
        }

        File.Move(next, path, overwrite: true);
        return printer.Print(new JsonObject { ["name"] = name, ["token"] = secret, ["file"] = path }, secret);
    }
}
