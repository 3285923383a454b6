namespace KadOrleans.Wire;

/// <summary>Asks for the caller's own endpoint as the callee sees it. Has no arguments and names no sender.</summary>
public readonly record struct StunRequest;
