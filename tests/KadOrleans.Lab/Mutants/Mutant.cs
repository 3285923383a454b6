namespace KadOrleans.Lab;

/// <summary>One changed instruction.</summary>
/// <param name="Method">The metadata token of its method.</param>
/// <param name="Index">Its number in the body of the method.</param>
/// <param name="Mutation">How it is changed.</param>
/// <param name="File">The source file, from the root of the repository.</param>
/// <param name="Line">The line of its statement, from 1.</param>
internal sealed record Mutant(uint Method, int Index, Mutation Mutation, string File, int Line)
{
    public override string ToString() => $"{File}:{Line} {Mutation.Name}";
}
